import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive, writeArchive } from "../../../src/archive/mod.ts";
import { type Memory, memory, type Source } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { emptyImage, layer, openRoot } from "../../../src/image/mod.ts";
import { layout } from "../../../src/layout/mod.ts";
import { type Descriptor, mediaTypes, parsePlatform, runsOn } from "../../../src/spec/mod.ts";
import type { ImageVerifier } from "../../../src/store/mod.ts";
import { randomBytes } from "../../../src/testing/content.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { collect, inDirectory, type InStore, putImage, putIndex } from "../support.ts";

const amd64 = runsOn(parsePlatform("linux/amd64"));

/** A source with an index of two images, and one that is no image at all; `asked` lists what is read from it. */
async function sourceOfIndex(): Promise<
  { source: Source; target: Memory; index: Descriptor; asked: string[] }
> {
  const target = memory();
  const children: Descriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const image = await putImage(target, `for ${architecture}`);
    children.push({ ...image, platform: { os: "linux", architecture } });
  }
  const index = await putIndex(target, children, { name: "v1" });
  const asked: string[] = [];
  const source: Source = {
    resolve(name, options) {
      asked.push(`resolve ${name}${options?.document ? " whole" : ""}`);
      return target.resolve(name, options);
    },
    open(what, options) {
      asked.push(`open ${what.digest}`);
      return target.open(what, options);
    },
    referrers: (subject, options) => target.referrers(subject, options),
    origins: async function* () {
      yield { registry: "localhost:5000", repository: "app" };
    },
  };
  return { source, target, index, asked };
}

/** What pull of every store do. */
export function testPulls(inStore: InStore): void {
  describe("pulls into a store", () => {
    it("fetch what is not there, and nothing when all is", () =>
      inStore(async (there) => {
        const { source, index, asked } = await sourceOfIndex();
        const first = await there.pull(source, "app:v1", { labels: { a: "1" } });
        assert.equal(first.how, "pulled");
        assert.equal(first.image.name, "docker.io/library/app:v1");
        assert.deepEqual([first.image.target.digest, first.image.labels], [index.digest, { a: "1" }]);
        assert.ok((await there.check("docker.io/library/app:v1")).complete);
        asked.length = 0;
        const second = await there.pull(source, "app:v1");
        assert.equal(second.how, "present");
        assert.deepEqual(asked, ["resolve v1"]);
        assert.deepEqual((await there.fsck()).problems, []);
      }));

    it("write down where content came from, and tell it to those who mount", () =>
      inStore(async (there) => {
        const { source } = await sourceOfIndex();
        // A layer that is there already learns of it too.
        await there.pull(source, "app:v1", { platforms: amd64 });
        for await (const { labels, digest } of there.content.walk()) {
          assert.equal(labels["containerd.io/distribution.source.localhost:5000"], "app", digest);
          const origins = await collect(there.repository("other").origins({ digest }));
          assert.deepEqual(origins, [{ registry: "localhost:5000", repository: "app" }]);
        }
      }));

    it("by platform take the index whole, and of its images only those", () =>
      inStore(async (there) => {
        const { source, index } = await sourceOfIndex();
        const { image } = await there.pull(source, "app:v1", { platforms: amd64 });
        assert.equal(image.target.digest, index.digest);
        const checked = await there.check(image.name, { platforms: amd64 });
        assert.deepEqual([checked.complete, checked.required.length], [true, 4]);
        const all = await there.check(image.name);
        assert.deepEqual([all.complete, all.missing.length], [false, 1]);
        assert.equal((await there.pull(source, "app:v1", { platforms: amd64 })).how, "present");
        // What is there goes along, what is not does not: an index may be pushed that is not whole.
        const target = memory();
        await copy(await there.open(image.name), target, { name: "v1" });
        assert.equal((await target.resolve("v1")).descriptor.digest, index.digest);
        assert.equal((await there.pull(source, "app:v1")).how, "pulled");
        assert.ok((await there.check(image.name)).complete);
        await there.gc({ grace: 0 });
        assert.ok((await there.check(image.name)).complete);
      }));

    it("by digest get what they ask for, also a part of what is there", () =>
      inStore(async (there) => {
        const { source, index } = await sourceOfIndex();
        await there.pull(source, "app:v1");
        const { descriptor: child } = await (async () => {
          for await (const { digest, mediaType, size } of there.content.walk()) {
            if (mediaType === mediaTypes.ociManifest) return { descriptor: { digest, mediaType, size } };
          }
          throw new Error("no child");
        })();
        const { image } = await there.pull(source, `app@${child.digest}`);
        assert.equal(image.name, `docker.io/library/app@${child.digest}`);
        const lying: Source = { ...source, resolve: (_, options) => source.resolve(index.digest, options) };
        await rejects(there.pull(lying, `other@${child.digest}`), "digest-mismatch");
      }));

    it("ask verifiers before anything but the index is fetched", () =>
      inStore(async (there) => {
        const { source, asked, index } = await sourceOfIndex();
        const seen: unknown[] = [];
        const refuses: ImageVerifier = async ({ name, descriptor, document, source }) => {
          seen.push(name, descriptor.digest, document.byteLength);
          const signatures = await collect(source.referrers!(descriptor));
          return { ok: signatures.length > 0, reason: "it has no signature" };
        };
        await rejects(there.pull(source, "app:v1", { verifiers: [refuses] }), "denied", /no signature/);
        assert.deepEqual(asked, ["resolve v1 whole"]);
        assert.deepEqual(seen, ["docker.io/library/app:v1", index.digest, index.size]);
        assert.deepEqual(await collect(there.images.list()), []);
        const agrees: ImageVerifier = () => ({ ok: true, reason: "" });
        await there.pull(source, "app:v1", { verifiers: [agrees] });
        await rejects(there.pull(source, "app:v1", { verifiers: [agrees, refuses] }), "denied");
      }));
  });

  describe("imports into a store", () => {
    const inArchive = async (names: string[]) =>
      archive(
        await new Response(writeArchive([{
          image: emptyImage().append(layer(randomBytes(512), { compression: "none" })),
          names,
        }])).blob(),
      );

    it("take the names that containerd and Docker wrote", () =>
      inStore(async (there) => {
        const images = await there.import(await inArchive(["app:v1", "ghcr.io/acme/app:v2"]), {
          labels: { a: "1" },
        });
        assert.deepEqual(images.map(({ name }) => name).sort(), [
          "docker.io/library/app:v1",
          "ghcr.io/acme/app:v2",
        ]);
        assert.deepEqual(images[0]!.labels, { a: "1" });
        for (const { name } of images) assert.ok((await there.check(name)).complete);
        // The same names again, with another image.
        const again = await there.import(await inArchive(["app:v1"]));
        assert.notEqual(
          again[0]!.target.digest,
          images.find(({ name }) => name === again[0]!.name)!.target.digest,
        );
        assert.deepEqual(again[0]!.labels, { a: "1" });
      }));

    it("leave out what an index names and is not there", () =>
      inStore(async (there) =>
        await inDirectory(async (directory) => {
          const { target } = await sourceOfIndex();
          const images = layout(join(directory, "layout"));
          await copy(await openRoot(target, "v1"), images, { name: "docker.io/acme/app:v1" });
          const [arm64] = (await (await openRoot(images, "docker.io/acme/app:v1")).children()).slice(1);
          await images.delete(arm64!.known!, { role: "manifest" });
          const [image] = await there.import(images);
          const { missing } = await there.check(image!.name);
          assert.deepEqual(missing.map(({ digest }) => digest), [arm64!.known!.digest]);
        })
      ));
  });
}
