import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { emptyImage, type Index, openImage, openRoot, validate } from "../../../../src/image/mod.ts";
import { mediaTypes } from "../../../../src/spec/mod.ts";
import { layerTar } from "../../../archive/support.ts";
import { file, layerWith, pathsIn } from "../../../image/tars.ts";
import { imageOf, manifestAt, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry mutate", () => {
  it("changes the config and the annotations as crane does", () =>
    withRegistry(async ({ directory, gantry, host, log, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      await writeFile(join(directory, "a.tar"), await layerTar("a"));
      log.length = 0;
      const flags =
        "-e A=1,2 -e B= -l x=1,y=2 --entrypoint /e,-v --cmd c -u 1000 -w /w --exposed-ports 80/tcp,90"
          .split(" ");
      const out = printed(
        await gantry(
          "mutate",
          `${host}/app:v1`,
          ...flags,
          "-a",
          "k=v",
          "--append",
          "a.tar",
          "--set-platform",
          "linux/arm/v7",
        ),
      );
      const image = await openImage(repository("app"), "v1");
      assert.equal(out, `${host}/app@${await image.digest()}\n`);
      const { config, architecture, variant } = await image.config();
      assert.deepEqual([architecture, variant], ["arm", "v7"]);
      assert.deepEqual(config, {
        Cmd: ["c"],
        Entrypoint: ["/e", "-v"],
        Env: ["A=1,2", "B="],
        Labels: { x: "1", y: "2" },
        User: "1000",
        WorkingDir: "/w",
        ExposedPorts: { "80/tcp": {}, "90": {} },
      });
      assert.deepEqual((await image.manifest()).annotations, { k: "v" });
      assert.deepEqual(await validate(image), []);
      // The config is read, and nothing else is.
      assert.equal(log.filter((line) => /^GET .*\/blobs\//.test(line)).length, 1);
      assert.equal(
        log.filter((line) => /^PUT .*\/blobs\//.test(line) || /^POST .*digest=/.test(line)).length,
        2,
      );
    }));

  it("writes to its own tag, to another place, by digest, into a repository, or into a tarball", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const digest = await imageOf("one").digest();
      const by = printed(await gantry("mutate", `${host}/app@${digest}`, "-l", "a=b"));
      assert.match(by, new RegExp(`^${host}/app@sha256:`));
      assert.equal((await repository("app").resolve("v1")).descriptor.digest, digest);
      const into = printed(await gantry("mutate", `${host}/app:v1`, "-l", "a=b", "--repo", `${host}/other`));
      assert.equal(into.split("@")[1], by.split("@")[1]);
      for await (const name of repository("other").names()) assert.fail(name);
      printed(await gantry("mutate", `${host}/app:v1`, "-l", "a=b", "-t", "oci:layout:v1"));
      assert.match(printed(await gantry("digest", "oci:layout:v1")), new RegExp(by.split("@")[1]!));
      assert.equal(printed(await gantry("mutate", `${host}/app:v1`, "-l", "a=b", "-o", "o.tar")), "");
      printed(await gantry("validate", "--tarball", "o.tar"));
      const { code, stderr } = await gantry("mutate", "docker-archive:o.tar", "-l", "a=b");
      assert.equal(code, 1);
      assert.match(stderr, /which is written whole; --tag says where else to/);
    }));

  it("removes, too, and does what regctl does to layers", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const image = emptyImage()
        .append(layerWith(() => [file("a", "a", { mtime: 9 }), file("var/log/x", "x")]), {
          history: { created_by: "one" },
        })
        .append(layerWith(() => [file("b", "b")]), { history: { created_by: "two" } })
        .append(layerWith(() => [file("c", "c")]), { history: { created_by: "three" } })
        .configure({ env: { A: "1", B: "2" }, labels: { l: "1" }, volumes: ["/v"], exposedPorts: ["1/tcp"] })
        .edit({ manifest: (manifest) => void (manifest.annotations = { a: "1", b: "2" }) });
      await copy(image, repository("app"), { name: "v1" });
      const run = async (...flags: string[]) => {
        printed(await gantry("mutate", `${host}/app:v1`, "-t", `${host}/app:v2`, ...flags));
        const found = await openImage(repository("app"), "v2");
        assert.deepEqual(await validate(found), []);
        return found;
      };
      const removed = await run(
        ..."--env-rm A --label-rm l --volume-rm /v --volume-add /w --expose-rm 1/tcp --expose-add 2/udp"
          .split(" "),
        ..."--annotation-rm a --stop-signal INT --author me --healthcheck null".split(" "),
      );
      assert.deepEqual((await removed.config()).config, {
        Env: ["B=2"],
        Volumes: { "/w": {} },
        ExposedPorts: { "2/udp": {} },
        StopSignal: "INT",
      });
      assert.deepEqual((await removed.manifest()).annotations, { b: "2" });
      const fewer = await run("--layer-rm-index", "0", "--layer-rm-created-by", "^three$");
      assert.deepEqual(await Promise.all((await fewer.layers()).map(pathsIn)), [["b"]]);
      const stripped = await run("--layer-strip-file", "var", "--time", "1577836800");
      const [lowest] = await stripped.layers();
      for await (const { path, mtime } of lowest!.entries()) {
        assert.deepEqual([path, mtime.seconds], ["a", 1577836800]);
      }
      assert.equal((await stripped.config()).created, "2020-01-01T00:00:00Z");
      const docker = await run("--to-docker", "--layer-compress", "gzip");
      assert.equal(await docker.mediaType(), mediaTypes.dockerManifest);
      const zstd = await run("--layer-compress", "zstd");
      assert.equal((await zstd.manifest()).layers[0]?.mediaType, mediaTypes.ociLayerZstd);
      const about = await run("--subject", `${host}/app:v1`, "--reproducible");
      assert.equal((await about.manifest()).subject?.digest, await image.digest());
      for (
        const [flags, words] of [
          [["--layer-compress", "xz"], /gzip, zstd and none/],
          [["--to-docker", "--layer-compress", "zstd"], /has no zstd/],
          [["--layer-rm-index", "7"], /remove layer 7: the image has no such layer/],
          [["--layer-rm-created-by", "nobody"], /nothing in the history matches/],
          [["-e", "noequals"], /NAME=VALUE/],
          [["--time", "yesterday"], /not an instant/],
          [["--healthcheck", "{"], /not a JSON object/],
        ] as const
      ) {
        const { code, stderr } = await gantry("mutate", `${host}/app:v1`, "-t", `${host}/bad:v1`, ...flags);
        assert.equal(code, 1);
        assert.match(stderr, words);
      }
      await assert.rejects(repository("bad").resolve("v1"));
    }));

  it("changes all platforms of an index and its own annotations, and tells what is lost", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await writeIndex(repository("multi"), "v1");
      printed(await gantry("mutate", `${host}/multi:v1`, "-l", "a=b", "-a", "k=v"));
      const index = await openRoot(repository("multi"), "v1") as Index;
      assert.deepEqual((await index.indexManifest()).annotations, { k: "v" });
      for (const architecture of ["amd64", "arm64"]) {
        const image = await index.select({ os: "linux", architecture });
        assert.deepEqual((await image.config()).config?.Labels, { a: "b" });
      }
      assert.deepEqual(await validate(index), []);
    }));

  it("changes nothing where nothing is to be changed", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const before = await manifestAt(repository("app"), "v1");
      printed(await gantry("mutate", `${host}/app:v1`));
      assert.equal(await manifestAt(repository("app"), "v1"), before);
    }));
});
