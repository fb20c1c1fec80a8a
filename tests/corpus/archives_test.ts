/** Every archive among the fixtures answers as is written down for it. They are read where they are. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type Archive, archive } from "../../src/archive/mod.ts";
import { readDocument, readVerified } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { memory } from "../../src/content/mod.ts";
import { digesting } from "../../src/digest/mod.ts";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { Image, type Layer, openRoot } from "../../src/image/mod.ts";
import type { Descriptor, Digest } from "../../src/spec/mod.ts";
import { fixture, haveFixtures, needsFixtures } from "../support/fixtures.ts";
import { collect } from "../layout/support.ts";

interface SavedLayer {
  digest: Digest;
  diff_id: Digest;
  size: number;
  diff_id_matches_config?: boolean;
}

interface SavedImage {
  RepoTags: string[] | null;
  config_digest: Digest;
  layers: SavedLayer[];
  all_diff_ids_match: boolean;
}

interface Blob extends Descriptor {
  status: string;
}

interface Document extends Blob {
  manifests?: Document[];
  manifest?: { config?: Blob; layers?: Blob[]; subject?: Digest };
}

interface Expected {
  outer_compression?: string;
  docker?: { images?: SavedImage[]; error?: string };
  oci?: { manifests: Document[]; ref_names: (string | null)[] };
}

function expectedOf(name: string): Record<string, Expected> {
  return haveFixtures ? JSON.parse(readFileSync(fixture(`expected/${name}.json`), "utf8")) : {};
}

const docker = expectedOf("docker-archives");
const oci = expectedOf("oci-archives");

const mismatch: ErrorCode[] = ["digest-mismatch", "size-mismatch"];

/** The archives that hold no image, and what is said of them. */
const refused: Record<string, [ErrorCode, RegExp]> = {
  "docker-archives/dockerode-test-load.tar": ["unsupported", /before 1\.10.*save it again/],
  "docker-archives/ggcr-null_manifest.tar": ["invalid-document", /"manifest\.json".*not a list of images/],
  "oci-archives/oras-e2e-mount-artifacts.tar.gz": [
    "invalid-archive",
    /neither manifest\.json.* nor index\.json/,
  ],
  "oci-archives/oras-e2e-mount-artifacts_index.tar.gz": [
    "invalid-archive",
    /neither manifest\.json.* nor index\.json/,
  ],
};

/** Opens an archive, and what is compressed with xz as its message says. */
function open(path: string, { outer_compression }: Expected): Archive {
  return archive(
    outer_compression === "xz"
      ? new Blob([new Uint8Array(execFileSync("xz", ["-dc", fixture(path)]))])
      : fixture(path),
  );
}

async function closing(there: Archive, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await there.close();
  }
}

async function hashOf(
  layer: Layer,
  form: "compressed" | "uncompressed",
): Promise<{ digest: Digest; size: number }> {
  const { stream, result } = digesting();
  await (await layer[form]()).pipeThrough(stream).pipeTo(new WritableStream());
  return await result;
}

async function checkImage(there: Archive, name: string, saved: SavedImage): Promise<void> {
  const root = await openRoot(there, name);
  const image = root instanceof Image ? root : await root.image(
    (await root.indexManifest()).manifests.find(({ platform }) => platform?.os !== "unknown")!.digest,
  );
  assert.equal(await image.configName(), saved.config_digest);
  const { rootfs } = await image.configFile();
  const layers = await image.layers();
  for (const [i, layer] of layers.entries()) {
    const { digest, size, diff_id } = saved.layers[i]!;
    assert.deepEqual(await hashOf(layer, "compressed"), { digest, size });
    assert.equal((await hashOf(layer, "uncompressed")).digest, diff_id);
    assert.equal(rootfs.diff_ids[i], diff_id);
  }
  assert.equal(layers.length, saved.layers.length);
}

describe("corpus of Docker archives", needsFixtures, () => {
  for (const [path, facts] of Object.entries(docker)) {
    if (facts.outer_compression === "xz") {
      it(`refuses ${path}, and says what to do`, () =>
        assert.rejects(
          open(path, {}).resolve("@0"),
          (error: Error) =>
            GantryError.is(error, "unsupported") && error.message.includes(path) &&
            error.message.endsWith("compressed with xz, unpack it first (xz -d)"),
        ));
    }
    const refusal = refused[path];
    if (refusal) {
      it(`refuses ${path}`, () => refuses(open(path, facts), path, refusal));
      continue;
    }

    it(`reads ${path}`, () => {
      const there = open(path, facts);
      return closing(there, async () => {
        const images = facts.docker!.images!;
        const names = images.flatMap(({ RepoTags }) => RepoTags ?? []);
        assert.deepEqual(await collect(there.names()), names.sort());
        for (const [i, saved] of images.entries()) {
          for (const name of [`@${i}`, ...saved.RepoTags ?? []]) {
            if (saved.all_diff_ids_match) await checkImage(there, name, saved);
            else await assert.rejects(checkImage(there, name, saved), isMismatch);
          }
        }
      });
    });

    it(`moves ${path}, and verifies it`, () => {
      const there = open(path, facts);
      return closing(there, async () => {
        for (const [i, saved] of facts.docker!.images!.entries()) {
          const target = memory();
          const moving = openRoot(there, `@${i}`).then((root) => copy(root, target, { name: "v1" }));
          if (!saved.all_diff_ids_match) {
            await assert.rejects(moving, isMismatch);
            assert.deepEqual(await collect(target.names()), []);
          } else {assert.equal(
              (await moving).descriptor.digest,
              (await there.resolve(`@${i}`)).descriptor.digest,
            );}
        }
      });
    });
  }
});

/** Layers that were cut by whoever made the fixture: another digest, or other layers than the config names. */
function isMismatch(error: unknown): boolean {
  return GantryError.is(error, ...mismatch) ||
    (GantryError.is(error, "invalid-archive") && /1 layers where ".*" has \d+ diffIDs$/.test(error.message));
}

async function refuses(there: Archive, path: string, [code, words]: [ErrorCode, RegExp]): Promise<void> {
  for (
    const work of [() => there.resolve("@0"), () => collect(there.names()), () => collect(there.roots())]
  ) {
    await assert.rejects(
      work(),
      (error: Error) =>
        GantryError.is(error, code) && words.test(error.message) && error.message.includes(path),
    );
  }
  await there.close();
}

async function outcome({ status }: Blob, work: () => Promise<unknown>): Promise<boolean> {
  const codes: ErrorCode[] = status === "missing" ? ["not-found"] : mismatch;
  if (status === "ok") await work();
  else await assert.rejects(work, (error) => GantryError.is(error, ...codes));
  return status === "ok";
}

async function checkDocument(there: Archive, document: Document): Promise<void> {
  const { digest, mediaType, size } = document;
  if (!await outcome(document, () => readDocument(there, { digest, mediaType, size }))) return;
  const { descriptor } = await there.resolve(digest, { document: true });
  assert.deepEqual([descriptor.digest, descriptor.size, descriptor.mediaType], [digest, size, mediaType]);
  for (const child of document.manifests ?? []) await checkDocument(there, child);
  const { config, layers = [], subject } = document.manifest ?? {};
  for (const blob of [...config ? [config] : [], ...layers]) {
    const { digest, mediaType, size } = blob;
    await outcome(blob, async () => {
      const bytes = await readVerified(there, { digest, mediaType, size }, { role: "blob" });
      await bytes.pipeTo(new WritableStream());
    });
  }
  if (subject) {
    const referrers = await collect(there.referrers({ digest: subject }));
    assert.ok(referrers.some((referrer) => referrer.digest === digest));
  }
}

function plain({ mediaType, digest, size, annotations }: Descriptor): object {
  return { mediaType, digest, size, ...(annotations && { annotations }) };
}

describe("corpus of OCI archives", needsFixtures, () => {
  for (const [path, facts] of Object.entries({ ...oci, ...docker })) {
    const refusal = refused[path];
    if (refusal && path.startsWith("oci")) {
      it(`refuses ${path}`, () => refuses(open(path, facts), path, refusal));
    }
    if (!facts.oci) continue;
    const { manifests, ref_names } = facts.oci;

    it(`reads ${path}`, () => {
      const there = open(path, facts);
      return closing(there, async () => {
        assert.deepEqual((await collect(there.roots())).map(plain), manifests.map(plain));
        for (const document of manifests) await checkDocument(there, document);
        for (const [i, name] of ref_names.entries()) {
          if (name === null) continue;
          assert.equal((await there.resolve(name)).descriptor.digest, manifests[i]!.digest);
        }
      });
    });

    for (const [i, saved] of (facts.docker?.images ?? []).entries()) {
      for (const name of saved.RepoTags ?? []) {
        it(`keeps the manifest of ${name} in ${path}`, () => {
          const there = open(path, facts);
          return closing(there, async () => {
            assert.equal((await there.resolve(name)).descriptor.digest, manifests[i]!.digest);
            await checkImage(there, name, saved);
          });
        });
      }
    }
  }
});
