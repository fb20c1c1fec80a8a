import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { emptyImage, layer, openImage, openRoot, walk } from "../../../src/image/mod.ts";
import type { Descriptor } from "../../../src/spec/descriptor.ts";
import type { Store } from "../../../src/store/mod.ts";
import { randomBytes } from "../../../src/testing/content.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { collect, ingestText, type InStore, putBlob, putImage, putIndex } from "../support.ts";

const ref = "containerd.io/gc.ref.content";
const past = "2001-01-01T00:00:00Z", future = "2040-01-01T00:00:00+02:00";

/** The texts that are still there, of those that were written. */
async function left(there: Store, texts: readonly string[]): Promise<string> {
  const kept: string[] = [];
  const { digestBytes } = await import("../../../src/digest/mod.ts");
  for (const text of texts) {
    const digest = await digestBytes(new TextEncoder().encode(text));
    const has = await there.content.info(digest).then(() => true, () => false);
    if (has) kept.push(text);
  }
  return kept.join(" ");
}

/** What gc of every store do. */
export function testCollecting(inStore: InStore): void {
  describe("garbage in a store", () => {
    /** Content, with labels whose values in braces stand for digests; then what roots it, and what stays. */
    const graphs: readonly [
      string,
      Record<string, Record<string, string>>,
      (there: Store, all: Record<string, Descriptor>) => Promise<unknown>,
      string,
    ][] = [
      ["is all that nothing leads to", { a: {}, b: {} }, () => Promise.resolve(), ""],
      [
        "is not what a root leads to",
        {
          a: {},
          b: { [ref]: "{a}" },
          c: { [`${ref}.0`]: "{b}", [`${ref}/x`]: "{d}", "containerd.io/gc.root": "yes" },
          d: {},
          e: { [`${ref}x`]: "{d}" },
        },
        () => Promise.resolve(),
        "a b c d",
      ],
      [
        "is not what an image leads to",
        { a: {}, b: { [`${ref}.l.0`]: "{a}" }, c: {} },
        (there, { b }) => there.images.create({ name: "i", target: b! }),
        "a b",
      ],
      [
        "is what an image led to that has expired, and the image",
        { a: {} },
        (there, { a }) =>
          there.images.create({ name: "i", target: a!, labels: { "containerd.io/gc.expire": past } }),
        "",
      ],
      [
        "is not what an image leads to that has not expired yet, or at no time that there is",
        { a: {}, b: {} },
        async (there, { a, b }) => {
          await there.images.create({ name: "i", target: a!, labels: { "containerd.io/gc.expire": future } });
          await there.images.create({ name: "j", target: b!, labels: { "containerd.io/gc.expire": "soon" } });
        },
        "a b",
      ],
      ["is not what a lease keeps, with what that leads to", {
        a: {},
        b: { [`${ref}.0`]: "{a}" },
        c: {},
      }, async (there, { b }) => {
        await there.leases.create({ id: "l" });
        await there.leases.addResource("l", { type: "content", id: b!.digest });
      }, "a b"],
      ["is what a flat lease does not list itself", {
        a: {},
        b: { [`${ref}.0`]: "{a}" },
      }, async (there, { b }) => {
        await there.leases.create({ id: "l", labels: { "containerd.io/gc.flat": "1" } });
        await there.leases.addResource("l", { type: "content", id: b!.digest });
      }, "b"],
      ["is what a lease kept that has expired", { a: {} }, async (there, { a }) => {
        await there.leases.create({ id: "l", expires: new Date(past) });
        await there.leases.addResource("l", { type: "content", id: a!.digest });
      }, ""],
      [
        "is not what refers back to something that stays",
        {
          a: { "containerd.io/gc.bref.content.0": "{b}" },
          b: {},
          c: { "containerd.io/gc.bref.image": "i" },
          d: { "containerd.io/gc.bref.content": "{e}" },
          e: {},
        },
        (there, { b }) => there.images.create({ name: "i", target: b! }),
        "a b c",
      ],
      ["is not what an image keeps that another keeps", { a: {}, b: {} }, async (there, { a, b }) => {
        await there.images.create({ name: "main", target: a! });
        const labels = { "containerd.io/gc.expire": past, "containerd.io/gc.bref.image": "main" };
        await there.images.create({ name: "extra", target: b!, labels });
      }, "a b"],
      [
        "is not an image that other content names, though it has expired",
        {
          a: {},
          b: { "containerd.io/gc.ref.image": "i", "containerd.io/gc.root": "1" },
        },
        (there, { a }) =>
          there.images.create({ name: "i", target: a!, labels: { "containerd.io/gc.expire": past } }),
        "a b",
      ],
      [
        "may go round in circles",
        {
          a: { [`${ref}.0`]: "{b}" },
          b: {},
        },
        (there, { a, b }) => there.content.update({ digest: b!.digest, labels: { [ref]: a!.digest } }),
        "",
      ],
      [
        "may lead to what is not here",
        {
          a: { [ref]: `sha256:${"0".repeat(64)}`, "containerd.io/gc.root": "1" },
        },
        () => Promise.resolve(),
        "a",
      ],
    ];
    for (const [what, content, root, expected] of graphs) {
      it(what, () =>
        inStore(async (there) => {
          const all: Record<string, Descriptor> = {};
          for (const [text, labels] of Object.entries(content)) {
            const filled = Object.entries(labels).map(([key, value]) =>
              [key, value.replace(/\{(\w)\}/, (_, name: string) => all[name]?.digest ?? `{${name}}`)] as const
            );
            // What is written later is put in by another look.
            all[text] = await ingestText(there, text, Object.fromEntries(filled));
          }
          for (const [text, labels] of Object.entries(content)) {
            for (const [key, value] of Object.entries(labels)) {
              const digest = value.replace(/\{(\w)\}/, (_, name: string) => all[name]!.digest);
              await there.content.update({ digest: all[text]!.digest, labels: { [key]: digest } }, [
                `labels.${key}`,
              ]);
            }
          }
          await root(there, all);
          const would = await there.gc({ grace: 0, dryRun: true });
          assert.equal(await left(there, Object.keys(content)), Object.keys(content).join(" "));
          const done = await there.gc({ grace: 0 });
          assert.deepEqual(done, would);
          assert.equal(await left(there, Object.keys(content)), expected);
          assert.deepEqual((await there.gc({ grace: 0 })).removed, []);
          assert.deepEqual((await there.fsck()).problems, []);
        }));
    }

    it("stays while it is young", () =>
      inStore(async (there, { makeOld }) => {
        const young = await ingestText(there, "young"), old = await ingestText(there, "old");
        await makeOld(old.digest);
        assert.deepEqual((await there.gc()).removed, [old.digest]);
        assert.equal((await there.content.info(young.digest)).size, 5);
      }));

    it("is what names have moved away from, with all below it", () =>
      inStore(async (there) => {
        const repository = there.repository("a");
        const images = [await putImage(repository, "one"), await putImage(repository, "two")];
        const index = await putIndex(repository, images, { name: "v1" });
        // They have names of their own, as they were written one by one.
        for (const { digest } of images) await there.images.delete(`a@${digest}`);
        assert.deepEqual((await there.gc({ grace: 0 })).removed, []);
        await putImage(repository, "three", { name: "v1" });
        const { removed } = await there.gc({ grace: 0 });
        assert.ok([index, ...images].every(({ digest }) => removed.includes(digest)));
        assert.equal(removed.length, 7);
        await rejects(repository.resolve(index.digest), "not-found");
        assert.equal((await collect(there.content.walk())).length, 3);
      }));

    it("is not a signature of what stays", () =>
      inStore(async (there) => {
        const repository = there.repository("a");
        const subject = await putImage(repository, "signed", { name: "v1" });
        const artifactType = "application/x-signature";
        const signature = await putImage(repository, "signature", { subject, artifactType });
        await there.gc({ grace: 0 });
        assert.deepEqual((await collect(repository.referrers(subject))).map(({ digest }) => digest), [
          signature.digest,
        ]);
        assert.deepEqual((await collect(there.images.list())).map(({ name }) => name), ["a:v1"]);
        await repository.delete(signature, { role: "manifest" });
        assert.deepEqual(await collect(repository.referrers(subject)), []);
        await there.images.delete("a:v1", { synchronous: true });
      }));

    it("are blobs that no manifest was written for", () =>
      inStore(async (there, { blobs }) => {
        const { digest } = await putBlob(there.repository("a"), "blob");
        assert.deepEqual((await there.gc({ grace: 0 })).removed, [digest]);
        assert.deepEqual(await blobs(), []);
      }));

    it("is not what is copied meanwhile, what was garbage before included", () =>
      inStore(async (there, { again }) => {
        const source = memory();
        let image = emptyImage();
        for (let n = 0; n < 12; n++) {
          image = image.append(layer(randomBytes(20_000), { compression: "none" }));
        }
        await copy(image, source, { name: "v1" });
        const root = await openRoot(source, "v1");
        for (const one of (await image.layers()).slice(0, 6)) {
          await there.repository("a").write(await one.content());
        }
        let copying = true, collections = 0;
        await using other = again();
        const done = copy(root, other.repository("a"), { name: "v1", concurrency: 2 }).finally(() =>
          copying = false
        );
        while (copying) {
          await there.gc({ grace: 0 });
          collections++;
        }
        await done;
        assert.ok(collections > 1, `${collections} collections ran`);
        await there.gc({ grace: 0 });
        for (const one of await (await openImage(there.repository("a"), "v1")).layers()) {
          await (await one.compressed()).pipeTo(new WritableStream());
        }
      }));

    it("that is named at the same moment is named and whole, or not found", () =>
      inStore(async (there, { again }) => {
        await using other = again();
        for (let round = 0; round < 8; round++) {
          const repository = there.repository("a");
          const target = await putImage(repository, `race ${round}`, { name: "old" });
          await there.images.delete("a:old");
          const naming = (async () => {
            for (let n = 0; n < round; n++) await Promise.resolve();
            return await other.images.create({ name: `a:new-${round}`, target });
          })();
          const [named] = await Promise.allSettled([naming, there.gc({ grace: 0 })]);
          if (named.status === "rejected") {
            assert.equal((named.reason as { code?: string }).code, "not-found");
            await rejects(there.images.get(`a:new-${round}`), "not-found");
          } else {
            await there.gc({ grace: 0 });
            for await (const { content } of walk(await openRoot(repository, `new-${round}`))) {
              await (await content.open()).pipeTo(new WritableStream());
            }
          }
          assert.deepEqual((await there.fsck()).problems, []);
        }
      }));
  });
}
