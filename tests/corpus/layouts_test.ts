/** Every layout among the fixtures answers as is written down for it. They are read where they are, which is read-only. */

import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readDocument, readVerified } from "../../src/content/mod.ts";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type Layout, layout } from "../../src/layout/mod.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { fixture, haveFixtures, needsFixtures } from "../support/fixtures.ts";
import { filesIn } from "../layout/support.ts";
import { collect } from "../../src/testing/collect.ts";
import { inDirectory } from "../support/directory.ts";

interface Blob extends Descriptor {
  status: "ok" | "missing" | "size mismatch" | "digest mismatch" | "mismatch";
}

interface Document extends Blob {
  manifests?: Document[];
  manifest?: { config?: Blob; layers?: Blob[]; subject?: Digest };
}

interface Expected {
  index_json?: "missing" | "not JSON";
  index_json_digest?: Digest;
  schema_check_index?: string;
  manifests?: Document[];
  ref_names?: (string | null)[];
  blobs: number;
  unreferenced_blobs?: Digest[];
}

const expected: Record<string, Expected> = haveFixtures
  ? JSON.parse(readFileSync(fixture("expected/oci-layouts.json"), "utf8"))
  : {};

const codes: Record<Blob["status"], ErrorCode[]> = {
  ok: [],
  missing: ["not-found"],
  "size mismatch": ["size-mismatch"],
  "digest mismatch": ["digest-mismatch", "size-mismatch"],
  mismatch: ["digest-mismatch", "size-mismatch"],
};

/** What is refused of the descriptor must be all that is wrong with its bytes. */
async function outcome({ status }: Blob, work: Promise<unknown>): Promise<boolean> {
  if (status !== "ok") await assert.rejects(work, (error) => GantryError.is(error, ...codes[status]));
  else await work;
  return status === "ok";
}

async function checkBlob(there: Layout, blob: Blob): Promise<void> {
  await outcome(
    blob,
    (async () => {
      const sink = new WritableStream();
      await (await readVerified(there, blob, { role: "blob" })).pipeTo(sink);
    })(),
  );
}

async function checkDocument(there: Layout, document: Document, top: boolean): Promise<void> {
  const { digest, mediaType, size } = document;
  const whole = { digest, mediaType, size };
  if (!await outcome(document, readDocument(there, whole, { role: "manifest" }))) {
    if (top) {
      await assert.rejects(
        there.resolve(digest),
        (error) => GantryError.is(error, ...codes[document.status]),
      );
    }
    return;
  }
  const { descriptor, document: bytes } = await there.resolve(digest, { document: true });
  assert.deepEqual(
    { digest: descriptor.digest, size: descriptor.size, mediaType: descriptor.mediaType },
    whole,
  );
  assert.equal(await digestBytes(bytes!), digest);
  for (const child of document.manifests ?? []) await checkDocument(there, child, false);
  const { config, layers, subject } = document.manifest ?? {};
  for (const blob of [...config ? [config] : [], ...layers ?? []]) await checkBlob(there, blob);
  if (subject) {
    const referrers = await collect(there.referrers({ digest: subject }));
    assert.ok(referrers.some((referrer) => referrer.digest === digest), `${digest} refers to ${subject}`);
  }
}

function plain({ mediaType, digest, size, annotations }: Descriptor): object {
  return { mediaType, digest, size, ...(annotations && { annotations }) };
}

describe("corpus of layouts", needsFixtures, () => {
  for (const [path, layoutFacts] of Object.entries(expected)) {
    const { index_json, schema_check_index, manifests = [], ref_names = [] } = layoutFacts;
    const directory = fixture(path);
    const there = layout(directory);

    if (index_json || schema_check_index?.startsWith("invalid")) {
      it(`refuses ${path}`, async () => {
        const code = index_json === "missing" ? "not-found" : "invalid-document";
        for (const work of [() => collect(there.names()), () => there.resolve("latest"), () => there.gc()]) {
          await assert.rejects(
            work,
            (error: Error) => GantryError.is(error, code) && error.message.includes(directory),
          );
        }
      });
      continue;
    }

    it(`reads ${path}`, async () => {
      const before = await filesIn(directory);
      assert.deepEqual((await collect(there.roots())).map(plain), manifests.map(plain));
      const names = ref_names.filter((name) => name !== null);
      assert.deepEqual(await collect(there.names()), [...new Set(names)].sort());
      for (const document of manifests) await checkDocument(there, document, true);
      for (const [n, name] of ref_names.entries()) {
        if (name === null) continue;
        const { digest } = manifests[n]!;
        if (manifests[n]!.status === "ok") {
          assert.equal((await there.resolve(name)).descriptor.digest, digest);
        } else await assert.rejects(there.resolve(name));
      }
      assert.deepEqual(await filesIn(directory), before);
      assert.equal(
        await digestBytes(await readFile(join(directory, "index.json"))),
        layoutFacts.index_json_digest,
      );
    });

    it(`finds the garbage of ${path}`, () =>
      inDirectory(async (scratch) => {
        const copy = join(scratch, "layout");
        cpSync(directory, copy, { recursive: true });
        await chmod(copy, 0o755);
        const { removed } = await layout(copy).gc({ grace: -60 });
        assert.deepEqual(removed.sort(), (layoutFacts.unreferenced_blobs ?? []).sort());
        const left = (await filesIn(copy)).filter((name) => name.startsWith("blobs/"));
        assert.equal(left.length, layoutFacts.blobs - removed.length);
      }));
  }

  it("finds blobs in a directory that layouts share", async () => {
    const path = "oci-layouts/image-delete-shared-blobs-dir";
    const there = layout(fixture(path), { blobs: fixture(`${path}/shared_blobs`) });
    const digest = "sha256:0c8b263642b51b5c1dc40fe402ae2e97119c6007b6e52146419985ec1f0092dc";
    assert.ok((await there.resolve(digest, { role: "blob" })).descriptor.size > 0);
    await assert.rejects(there.resolve("latest"), (error) => GantryError.is(error, "size-mismatch"));
    await assert.rejects(
      layout(fixture(path)).resolve("latest"),
      (error) => GantryError.is(error, "not-found"),
    );
  });
});
