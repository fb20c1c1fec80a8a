/** What a Target is. Every medium passes this suite; what a medium cannot do, its test names. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Bytes } from "../bytes.ts";
import { concat, readAll, sameBytes, streamOf, utf8 } from "../bytes.ts";
import type { Address, Content, Source, Target } from "../content/contracts.ts";
import { copy } from "../copy/copy.ts";
import { digestBytes } from "../digest/mod.ts";
import { emptyImage } from "../image/empty_image.ts";
import { layer } from "../image/made_layer.ts";
import { openImage } from "../image/open.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { collect } from "./collect.ts";
import { breaking, pieces, randomBytes, stalling } from "./content.ts";
import { rejects } from "./errors.ts";
import { mediaTypes } from "../spec/media_type.ts";

/** A medium under test. */
export interface Medium {
  /** A repository that is empty. */
  target: Target;
  /** Another instance over the same repository, as another process would have it. */
  again(): Target;
  /** Lets go of everything. */
  close(): Promise<void>;
}

/** What a medium cannot do, with the reason; the suite asserts that it refuses with `unsupported`, or leaves it out. */
export interface Limits {
  /** It deletes nothing by tag. */
  untag?: string;
  /** It cannot tell whether a blob is another repository's too. */
  deleteBlob?: string;
  /** It has no referrers of its own and keeps no fallback tag. */
  referrers?: string;
  /** It computes no digest but sha256. */
  sha512?: string;
  /** It cannot keep partial bytes for another instance. */
  resume?: string;
}

/** Runs the suite on a medium. */
export function testTarget(name: string, open: () => Promise<Medium>, limits: Limits = {}): void {
  describe(`target contract: ${name}`, () => {
    let medium: Medium;
    let target: Target;
    before(async () => {
      medium = await open();
      target = medium.target;
    });
    after(() => medium.close());

    describe("blobs", () => {
      it("are written, found and read back", async () => {
        const bytes = randomBytes(100_000);
        const written = await target.write(await known(bytes));
        assert.equal(written.how, "written");
        assert.deepEqual(facts(written.descriptor), facts(await describeBytes(bytes)));
        assert.ok(sameBytes(await read(target, written.descriptor), bytes));
        assert.equal(
          (await target.resolve(written.descriptor.digest, { role: "blob" })).descriptor.size,
          100_000,
        );
      });

      it("are present the second time and not read again", async () => {
        const content = await known(randomBytes(1000));
        await target.write(content);
        const again = await target.write({ ...content, open: () => assert.fail("it was opened") });
        assert.equal(again.how, "present");
        assert.equal(again.descriptor.digest, content.digest);
      });

      it("without a digest are named by their sha256, in one pass", async () => {
        const bytes = randomBytes(70_000);
        let opened = 0;
        const { descriptor } = await target.write({
          mediaType: mediaTypes.ociLayer,
          replayable: false,
          open: () => {
            opened++;
            return Promise.resolve(pieces(bytes, 8192));
          },
        });
        assert.deepEqual(descriptor, { ...await describeBytes(bytes), mediaType: mediaTypes.ociLayer });
        assert.equal(opened, 1);
        assert.ok(sameBytes(await read(target, descriptor), bytes));
      });

      it("may be empty", async () => {
        const { descriptor } = await target.write(await known(new Uint8Array(0)));
        assert.equal(descriptor.size, 0);
        assert.equal((await read(target, descriptor)).byteLength, 0);
      });

      it("give ranges", async () => {
        const bytes = randomBytes(5000);
        const { descriptor } = await target.write(await known(bytes));
        for (
          const [start, end] of [[0, 10], [10, undefined], [4999, undefined], [100, 4000], [0, 5000]] as const
        ) {
          const part = await read(target, descriptor, { start, end });
          assert.ok(sameBytes(part, bytes.subarray(start, end)), `${start}–${end}`);
        }
      });

      it("that hash to something else are refused and leave nothing", async () => {
        const content = {
          ...await known(randomBytes(3000)),
          digest: (await describeBytes(randomBytes(3000))).digest,
        };
        await rejects(target.write(content), "digest-mismatch");
        await rejects(read(target, { digest: content.digest }), "not-found");
      });

      it("that are shorter or longer than they say are refused and leave nothing", async () => {
        for (const off of [-1, 1]) {
          const content = await known(randomBytes(3000));
          const lie = { ...content, size: content.size! + off };
          await rejects(target.write(lie), ["size-mismatch", "digest-mismatch"]);
          await rejects(read(target, { digest: content.digest! }), "not-found");
        }
      });

      it("whose stream breaks leave nothing and pass the reason on", async () => {
        const content = await known(randomBytes(300_000));
        const broken = {
          ...content,
          replayable: false,
          open: () => Promise.resolve(breaking(content.bytes, 100_000)),
        };
        await assert.rejects(
          target.write(broken),
          (error) => rootCause(error).message === "the cable was cut",
        );
        await rejects(read(target, { digest: content.digest! }), "not-found");
      });

      it("that are missing are not-found", async () => {
        const { digest } = await describeBytes(randomBytes(10));
        await rejects(target.resolve(digest, { role: "blob" }), "not-found");
        await rejects(read(target, { digest }), "not-found");
      });

      it("written by several at once are all well", async () => {
        const bytes = randomBytes(50_000);
        const content = await known(bytes);
        const all = await Promise.all(
          [1, 2, 3, 4].map((n) => (n % 2 ? target : medium.again()).write(content)),
        );
        for (const { descriptor } of all) assert.equal(descriptor.digest, content.digest);
        assert.ok(sameBytes(await read(target, all[0]!.descriptor), bytes));
      });

      it("named by sha512 are found by it", async (t) => {
        if (limits.sha512) return t.diagnostic(limits.sha512);
        const bytes = randomBytes(2000);
        const digest = await digestBytes(bytes, "sha512");
        const content = { ...await known(bytes), digest };
        const { descriptor } = await target.write(content);
        assert.equal(descriptor.digest, digest);
        assert.ok(sameBytes(await read(target, { digest }), bytes));
      });

      it("can be deleted", async () => {
        const { descriptor } = await target.write(await known(randomBytes(100)));
        if (limits.deleteBlob) {
          return await rejects(target.delete!(descriptor, { role: "blob" }), "unsupported");
        }
        await target.delete!(descriptor, { role: "blob" });
        await rejects(read(target, descriptor), "not-found");
        await rejects(target.delete!(descriptor, { role: "blob" }), "not-found");
      });
    });

    describe("manifests", () => {
      it("keep their bytes and get their name in the same step", async () => {
        const { content, bytes } = await manifest(target, "  kept as it is\t");
        const { descriptor } = await target.write(content, { role: "manifest", name: "kept" });
        for (const name of ["kept", descriptor.digest]) {
          const found = await target.resolve(name, { document: true });
          assert.deepEqual(facts(found.descriptor), facts(descriptor));
          assert.equal(found.descriptor.mediaType, mediaTypes.ociManifest);
          assert.ok(sameBytes(found.document!, bytes));
        }
        assert.ok(sameBytes(await read(target, descriptor, { role: "manifest" }), bytes));
      });

      it("are found without their bytes too", async () => {
        const { content } = await manifest(target, "head");
        const { descriptor } = await target.write(content, { role: "manifest", name: "head" });
        const { descriptor: found, document } = await target.resolve("head");
        assert.deepEqual(facts(found), facts(descriptor));
        assert.equal(document, undefined);
      });

      it("that are missing are not-found", async () => {
        await rejects(target.resolve("no-such-tag"), "not-found");
        await rejects(target.resolve((await describeBytes(randomBytes(9))).digest), "not-found");
        await rejects(target.resolve("no-such-tag", { document: true }), "not-found");
      });

      it("get further names, and names move", async () => {
        const [a, b] = [await stored(target, "a"), await stored(target, "b")];
        await target.tag("moving", a);
        assert.equal((await target.resolve("moving")).descriptor.digest, a.digest);
        await target.tag("moving", b);
        assert.equal((await medium.again().resolve("moving")).descriptor.digest, b.digest);
      });

      it("are named only if the name is what was expected", async () => {
        const [a, b] = [await stored(target, "c"), await stored(target, "d")];
        await target.tag("compared", a, { expect: null });
        await rejects(target.tag("compared", b, { expect: null }), "conflict");
        await rejects(target.tag("compared", b, { expect: b.digest }), "conflict");
        assert.equal((await target.resolve("compared")).descriptor.digest, a.digest);
        await target.tag("compared", b, { expect: a.digest });
        assert.equal((await target.resolve("compared")).descriptor.digest, b.digest);
      });

      it("that are not here cannot be named", async () => {
        const missing = { ...await describeBytes(randomBytes(8)), mediaType: mediaTypes.ociManifest };
        await rejects(target.tag("nothing", missing), "not-found");
      });

      it("list their names", async () => {
        const one = await stored(target, "listed");
        for (const name of ["list-2", "list-1", "list-3"]) await target.tag(name, one);
        const names = (await collect(target.names!())).filter((name) => name.startsWith("list-"));
        assert.deepEqual(names, ["list-1", "list-2", "list-3"]);
      });

      it("stay when a name is taken away", async () => {
        const one = await stored(target, "untagged");
        await target.tag("short-lived", one);
        if (limits.untag) return await rejects(target.untag!("short-lived"), "unsupported");
        await target.untag!("short-lived");
        await rejects(target.resolve("short-lived"), "not-found");
        await rejects(target.untag!("short-lived"), "not-found");
        assert.equal((await target.resolve(one.digest)).descriptor.digest, one.digest);
      });

      it("go with their names", async () => {
        const one = await stored(target, "deleted");
        await target.tag("gone-1", one);
        await target.tag("gone-2", one);
        await target.delete!(one, { role: "manifest" });
        for (const name of ["gone-1", "gone-2", one.digest]) await rejects(target.resolve(name), "not-found");
      });

      it("that are not what they say are refused", async () => {
        const { content, bytes } = await manifest(target, "refused");
        const wrong = { ...content, digest: (await describeBytes(randomBytes(4))).digest };
        await rejects(
          target.write(wrong, { role: "manifest", name: "refused" }),
          ["digest-mismatch", "invalid-document"],
        );
        await rejects(target.resolve("refused"), "not-found");
        const both = utf8(`${new TextDecoder().decode(bytes).trim().slice(0, -1)},"manifests":[]}`);
        const confused = { ...await known(both), mediaType: mediaTypes.ociManifest };
        await rejects(target.write(confused, { role: "manifest", name: "refused" }), "invalid-document");
        await rejects(target.resolve("refused"), "not-found");
      });

      it("are enumerated, named or not, where the medium can", async () => {
        if (!target.roots) return assert.ok(target.names, "then it must list names");
        const named = await stored(target, "root-named");
        const unnamed = await stored(target, "root-unnamed");
        await target.tag("root", named);
        const roots = await collect(target.roots());
        const names = roots.filter(({ digest }) => digest === named.digest)
          .map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"]);
        assert.ok(names.includes("root"));
        assert.ok(roots.some(({ digest }) => digest === unnamed.digest));
      });

      it("list what refers to them", async (t) => {
        if (limits.referrers) return t.diagnostic(limits.referrers);
        const subject = await stored(target, "subject");
        assert.deepEqual(await collect(target.referrers!(subject)), []);
        const sbom = await stored(target, "sbom", { subject, artifactType: "application/x-sbom" });
        const signature = await stored(target, "signature", {
          subject,
          artifactType: "application/x-signature",
        });
        const found = await collect(target.referrers!(subject));
        assert.deepEqual(found.map(({ digest }) => digest).sort(), [sbom.digest, signature.digest].sort());
        const filtered = await collect(target.referrers!(subject, { artifactType: "application/x-sbom" }));
        assert.deepEqual(filtered.map(({ digest }) => digest), [sbom.digest]);
        assert.equal(filtered[0]!.artifactType, "application/x-sbom");
        assert.equal(filtered[0]!.annotations?.["note"], "sbom");
      });
    });

    describe("ingests", () => {
      it("take bytes in several calls", async () => {
        const bytes = randomBytes(30_000);
        const ingest = await target.ingest!("several");
        assert.equal(ingest.offset, 0);
        assert.equal(await ingest.append(streamOf(bytes.slice(0, 10_000)), 0), 10_000);
        assert.equal(await ingest.append(pieces(bytes.slice(10_000), 1000), 10_000), 30_000);
        const descriptor = await ingest.commit((await describeBytes(bytes)).digest);
        assert.equal(descriptor.size, 30_000);
        assert.ok(sameBytes(await read(target, descriptor), bytes));
      });

      it("name their bytes where nobody expects a digest", async () => {
        const bytes = randomBytes(500);
        const ingest = await target.ingest!("unexpected");
        await ingest.append(streamOf(bytes), 0);
        assert.equal((await ingest.commit()).digest, (await describeBytes(bytes)).digest);
      });

      it("refuse bytes from elsewhere and stay where they are", async () => {
        const bytes = randomBytes(2000);
        const ingest = await target.ingest!("ordered");
        await ingest.append(streamOf(bytes.slice(0, 1000)), 0);
        await rejects(ingest.append(streamOf(bytes.slice(1500)), 1500), "conflict");
        await rejects(ingest.append(streamOf(bytes.slice(0, 1000)), 0), "conflict");
        assert.equal(await ingest.append(streamOf(bytes.slice(1000)), 1000), 2000);
        assert.equal((await ingest.commit()).digest, (await describeBytes(bytes)).digest);
      });

      it("that end wrong leave nothing", async () => {
        const bytes = randomBytes(700);
        const expected = (await describeBytes(randomBytes(700))).digest;
        const ingest = await target.ingest!("wrong");
        await ingest.append(streamOf(bytes), 0);
        await rejects(ingest.commit(expected), "digest-mismatch");
        await rejects(read(target, { digest: expected }), "not-found");
        await rejects(target.ingest!("wrong", { create: false }), "not-found");
      });

      it("that were never begun or are over are not-found", async () => {
        await rejects(target.ingest!("never-begun", { create: false }), "not-found");
        const ingest = await target.ingest!("aborted");
        await ingest.append(streamOf(randomBytes(10)), 0);
        await ingest.abort();
        await rejects(target.ingest!("aborted", { create: false }), "not-found");
      });

      it("go on in another instance", async (t) => {
        if (limits.resume) return t.diagnostic(limits.resume);
        const bytes = randomBytes(200_000);
        const first = await target.ingest!("handed-over");
        await first.append(streamOf(bytes.slice(0, 80_000)), 0);
        await first.close();
        const second = await medium.again().ingest!("handed-over", { create: false });
        assert.equal(second.offset, 80_000);
        await second.append(streamOf(bytes.slice(80_000)), 80_000);
        const descriptor = await second.commit((await describeBytes(bytes)).digest);
        assert.ok(sameBytes(await read(target, descriptor), bytes));
      });

      it("keep what came before the stream broke", async () => {
        const bytes = randomBytes(400_000);
        const ingest = await target.ingest!("broken");
        await assert.rejects(ingest.append(breaking(bytes, 300_000), 0));
        const { offset } = ingest;
        assert.ok(offset <= 300_000);
        await ingest.append(streamOf(bytes.slice(offset)), offset);
        assert.equal((await ingest.commit()).digest, (await describeBytes(bytes)).digest);
      });
    });

    describe("sessions", () => {
      it("go on where the bytes broke off", async (t) => {
        if (limits.resume) return t.diagnostic(limits.resume);
        const content = await known(randomBytes(1_000_000));
        const starts: number[] = [];
        const breaks = (at: number): Content => ({
          ...content,
          open: ({ start = 0 } = {}) => {
            starts.push(start);
            return Promise.resolve(breaking(content.bytes.slice(start), at - start));
          },
        });
        await assert.rejects(target.write(breaks(600_000), { session: "resumed" }));
        const { descriptor } = await medium.again().write(breaks(Infinity), { session: "resumed" });
        assert.equal(starts[0], 0);
        assert.ok(starts[1]! >= 500_000 && starts[1]! <= 600_000, `it went on at ${starts[1]}`);
        assert.ok(sameBytes(await read(target, descriptor), content.bytes));
      });
    });

    describe("aborts", () => {
      it("reject with the reason and leave nothing", async () => {
        const content = await known(randomBytes(500_000));
        const abort = new AbortController();
        const reason = new Error("changed my mind");
        const slow = {
          ...content,
          replayable: false,
          open: () => Promise.resolve(stalling(content.bytes, 200_000)),
        };
        const writing = target.write(slow, { signal: abort.signal });
        setTimeout(() => abort.abort(reason), 30);
        await assert.rejects(writing, reason);
        await rejects(read(target, { digest: content.digest! }), "not-found");
        await assert.rejects(target.resolve("any", { signal: abort.signal }), reason);
      });
    });

    describe("images", () => {
      it("go in and out unchanged", async () => {
        const image = emptyImage()
          .append(layer(randomBytes(40_960), { compression: "none" }), {
            history: { created_by: "the first" },
          })
          .append(layer(() => pieces(randomBytes(20_480, 7), 4096), { compression: "none" }))
          .configure({ cmd: ["/app"], env: { A: "1" } });
        await copy(image, target, { name: "image" });
        const found = await openImage(medium.again(), "image");
        assert.ok(sameBytes(await found.rawManifest(), await image.rawManifest()));
        assert.ok(sameBytes(await found.rawConfigFile(), await image.rawConfigFile()));
        for (const one of await found.layers()) {
          const bytes = await readAll(await one.uncompressed(), { limit: 1e6, what: "layer" });
          assert.equal(await digestBytes(bytes), await one.diffID());
        }
      });

      it("with a one-shot layer go in in one pass", async () => {
        const once = layer(pieces(randomBytes(30_000), 1000), { compression: "none" });
        await rejects(once.digest(), "not-computed");
        await copy(emptyImage().append(once), target, { name: "one-shot" });
        assert.equal(
          await (await openImage(target, "one-shot")).layers().then(([one]) => one!.digest()),
          await once.digest(),
        );
        await rejects(once.compressed(), "consumed");
      });
    });
  });
}

async function describeBytes(bytes: Bytes): Promise<Descriptor> {
  return { mediaType: mediaTypes.octetStream, digest: await digestBytes(bytes), size: bytes.byteLength };
}

async function known(bytes: Bytes): Promise<Content & { bytes: Bytes; digest: Digest }> {
  return {
    ...await describeBytes(bytes),
    bytes,
    replayable: true,
    open: ({ start = 0 } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
  };
}

/** An image manifest whose config is in the target, made unlike any other by its note. */
async function manifest(target: Target, note: string, more: object = {}) {
  const config = await target.write({ ...await known(utf8("{}")), mediaType: mediaTypes.ociEmpty });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: config.descriptor,
    layers: [],
    ...more,
    annotations: { note },
  };
  const bytes = concat([utf8(JSON.stringify(document, null, 3)), utf8("\n")]);
  return { bytes, content: { ...await known(bytes), mediaType: mediaTypes.ociManifest } };
}

async function stored(target: Target, note: string, more: object = {}): Promise<Descriptor> {
  const { content } = await manifest(target, note, more);
  return (await target.write(content, { role: "manifest" })).descriptor;
}

async function read(
  source: Source,
  what: Address,
  options: Parameters<Source["open"]>[1] = {},
): Promise<Bytes> {
  return await readAll(await source.open(what, options), { limit: 1e8, what: what.digest });
}

function facts({ digest, size }: Descriptor): { digest: Digest; size: number } {
  return { digest, size };
}

function rootCause(error: unknown): Error {
  return error instanceof Error && error.cause ? rootCause(error.cause) : error as Error;
}
