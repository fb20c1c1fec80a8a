/**
 * What go-containerregistry's own tests expect of mutate, as rows: the expectation in words, and what Gantry answers. Where we
 * answer otherwise on purpose, `docs/decisions.md` says why.
 */

import { utf8 } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import {
  addManifests,
  annotate,
  artifact,
  canonical,
  configure,
  convert,
  convertIndex,
  emptyImage,
  emptyIndex,
  type Image,
  layer,
  randomImage,
  randomIndex,
  rebase,
  removeManifests,
  retime,
  setSubject,
} from "../../src/image/mod.ts";
import { type ConfigFile, mediaTypes, parsePlatform } from "../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { digestOf } from "../archive/support.ts";
import { digestsOf, file, layerWith } from "../image/tars.ts";
import { outcome } from "../support/streams.ts";
import { codes, extra, historyOf, hold, plain, type Row, source } from "./ggcr_rows.ts";

const mutate: Row[] = [
  ["append adds a layer, a diffID and an entry of history", async () => {
    const image = source().append(extra(), { history: { author: "dave" } });
    const { rootfs, history } = await image.config();
    return [(await image.layers()).length, rootfs.diff_ids.length, history?.at(-1)];
  }, [3, 3, { author: "dave" }]],
  ["append without history adds a blank entry", async () => await historyOf(source().append(extra())), 3],
  ["append changes digest, config name and manifest, and keeps the media type", async () => {
    const [before, after] = [source(), source().append(extra())];
    return [
      await before.digest() === await after.digest(),
      await before.configName() === await after.configName(),
      await before.mediaType() === await after.mediaType(),
    ];
  }, [false, false, true]],
  ["append takes annotations of the descriptor", async () => {
    const { layers } = await source().append(extra(), { annotations: { a: "1" } }).manifest();
    return layers.at(-1)?.annotations;
  }, { a: "1" }],
  ["append to an artifact keeps its config byte for byte", async () => {
    const config = { mediaType: "application/vnd.example+json", bytes: utf8(`{ "a" : 1 }`) };
    const image = artifact("application/vnd.example", { config }).append(extra());
    return [new TextDecoder().decode(await image.rawConfigFile()), (await image.layers()).length];
  }, [`{ "a" : 1 }`, 1]],
  ["append of a stream knows the layers before the digest", async () => {
    const image = source().append(layer(pieces(randomBytes(700), 99), plain));
    return [(await image.layers()).length, await outcome(image.digest())];
  }, [3, "not-computed"]],
  ["a stream that is written gives the digest", async () => {
    const image = source().append(layer(pieces(randomBytes(700, 3), 99), plain));
    const { descriptor } = await copy(image, memory());
    return descriptor.digest === await image.digest();
  }, true],
  ["layers are found by digest and diffID, and what is not there is not", async () => {
    const image = source();
    const [first] = await image.layers();
    return [
      await (await image.layerByDigest(await first!.digest())).digest() === await first!.digest(),
      await (await image.layerByDiffID(await first!.diffID())).digest() === await first!.digest(),
      await outcome(image.layerByDigest(digestOf("nothing"))),
    ];
  }, [true, true, "not-found"]],
  ["config replaces what is named", async () => {
    const image = source().edit(configure({ env: { A: "1" }, cmd: ["x"] }));
    return (await image.config()).config;
  }, { Cmd: ["x"], Env: ["A=1"] }],
  [
    "an image whose config is set to what it has is the same image",
    async () =>
      await source().edit(configure({ architecture: "amd64" })).digest() === await source().digest(),
    true,
  ],
  [
    "created at sets the time",
    async () => (await source().configure({ created: "2018-01-01T00:00:00Z" }).config()).created,
    "2018-01-01T00:00:00Z",
  ],
  ["annotations of an image are merged", async () => {
    const image = source().edit(annotate({ a: "1", b: "2" })).edit(annotate({ b: "3" }));
    return (await image.manifest()).annotations;
  }, { a: "1", b: "3" }],
  ["annotations of an index are merged", async () => {
    const index = randomIndex({ seed: 1 }).edit(annotate({ a: "1" })).edit(annotate({ b: "2" }));
    return (await index.indexManifest()).annotations;
  }, { a: "1", b: "2" }],
  ["the subject is set, and later edits keep it (theirs lose it)", async () => {
    const subject = await emptyImage().descriptor();
    const image = source().edit(setSubject(subject)).append(extra()).edit(annotate({ a: "1" }));
    return (await image.manifest()).subject?.digest === subject.digest;
  }, true],
  ["media types are changed: image, config and index", async () => {
    const image = source().edit(convert({ format: "docker" }));
    const index = randomIndex({ seed: 1 }).edit(convertIndex({ format: "docker" }));
    return [await image.mediaType(), (await image.manifest()).config.mediaType, await index.mediaType()];
  }, [mediaTypes.dockerManifest, mediaTypes.dockerConfig, mediaTypes.dockerIndex]],
  ["time sets config, history and files", async () => {
    const made = emptyImage().append(layerWith(() => [file("a", "a", { mtime: 5 })]), {
      history: { created_by: "x" },
    });
    const image = made.edit(retime(new Date("1984-01-01T00:00:00Z")));
    const { created, history } = await image.config();
    for await (const { mtime } of (await image.layers())[0]!.entries()) {
      return [created, history, mtime.seconds];
    }
  }, ["1984-01-01T00:00:00Z", [{ created_by: "x", created: "1984-01-01T00:00:00Z" }], 441763200]],
  ["time keeps entries of history without a layer", async () => {
    const made = source().edit({
      config: (config: ConfigFile) => void config.history!.unshift({ created_by: "ENV", empty_layer: true }),
    });
    const image = made.edit(retime(new Date(0)));
    return [await historyOf(image), (await image.config()).history![0]!.empty_layer, await codes(image)];
  }, [3, true, []]],
  ["time keeps variant, author and OCI's types (theirs lose them)", async () => {
    const made = emptyImage(parsePlatform("linux/arm/v7")).configure({ author: "me" });
    const image = made.edit(retime(new Date(0)));
    const { variant, author } = await image.config();
    return [variant, author, await image.mediaType()];
  }, ["v7", "me", mediaTypes.ociManifest]],
  ["canonical clears the container, its host and Docker's version", async () => {
    const made = source().edit({
      config: (config) =>
        void Object.assign(config, {
          container: "c",
          docker_version: "1",
          config: { Hostname: "h", User: "u" },
        }),
    });
    const { config, ...rest } = await made.edit(canonical()).config();
    return [config, "container" in rest, "docker_version" in rest];
  }, [{ User: "u" }, false, false]],
  [
    "canonical is the same twice",
    async () =>
      await source().edit(canonical()).edit(canonical()).digest() ===
        await source().edit(canonical()).digest(),
    true,
  ],
  ["manifests are removed by what matches, and added after that", async () => {
    const index = randomIndex({ seed: 2, images: 3 });
    const first = (await index.indexManifest()).manifests[0]!.digest;
    const edited = index
      .edit(removeManifests(async ({ part }) => (await part.content()).digest === first))
      .edit(addManifests([{ part: source() }]));
    return [(await edited.children()).length, (await edited.indexManifest()).manifests[0]!.digest === first];
  }, [3, false]],
  ["appended manifests have the platform, annotations and type that are given", async () => {
    const index = emptyIndex().edit(addManifests([
      { part: source(), platform: parsePlatform("linux/arm64"), annotations: { a: "1" } },
      { part: emptyIndex(), artifactType: "application/vnd.example" },
    ]));
    return (await index.indexManifest()).manifests.map(({ platform, annotations, artifactType }) => [
      platform?.architecture,
      annotations,
      artifactType,
    ]);
  }, [["arm64", { a: "1" }, undefined], [undefined, undefined, "application/vnd.example"]]],
  ["what is given out may be changed without changing the image", async () => {
    const image = source().append(extra());
    (await image.manifest()).layers.length = 0;
    (await image.config()).rootfs.diff_ids.length = 0;
    (await image.rawManifest()).fill(0);
    return [
      (await image.manifest()).layers.length,
      (await image.config()).rootfs.diff_ids.length,
      await codes(image),
    ];
  }, [3, 3, []]],
  ["an index's answers may be changed without changing the index", async () => {
    const index = randomIndex({ seed: 1, images: 2 }).edit(annotate({ a: "1" }));
    (await index.indexManifest()).manifests.length = 0;
    return (await index.indexManifest()).manifests.length;
  }, 2],
  ["rebase takes the new base's layers and the image's own", async () => {
    const [one, two] = [randomImage({ seed: 3, layers: 5 }), randomImage({ seed: 4, layers: 3 })];
    const rebased = one.append(extra()).edit(rebase(one, two));
    return [
      JSON.stringify(await digestsOf(rebased)) ===
        JSON.stringify([...await digestsOf(two), await extra().digest()]),
      await historyOf(rebased),
      await codes(rebased),
    ];
  }, [true, 4, []]],
  ["rebase tolerates a history that is missing or too short", async () => {
    const bare = (image: Image) => image.edit({ config: (config) => void delete config.history });
    const [one, two] = [randomImage({ seed: 3, layers: 2 }), randomImage({ seed: 4, layers: 1 })];
    return await codes(bare(one.append(extra())).edit(rebase(bare(one), bare(two))));
  }, []],
  [
    "rebase refuses an image that is not built on the old base",
    async () =>
      await outcome(source().edit(rebase(randomImage({ seed: 5 }), randomImage({ seed: 6 }))).digest()),
    "conflict",
  ],
  ["rebase keeps what the image runs and takes the platform of the new base", async () => {
    const [one, two] = [
      randomImage({ seed: 3 }),
      randomImage({ seed: 4, platform: parsePlatform("linux/arm64") }),
    ];
    const { config, architecture } = await one.configure({ cmd: ["x"] }).edit(rebase(one, two)).config();
    return [config?.Cmd, architecture];
  }, [["x"], "arm64"]],
];

hold("mutate", mutate);
