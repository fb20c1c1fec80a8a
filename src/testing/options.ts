import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { emptyImage } from "../image/empty_image.ts";
import { layer } from "../image/made_layer.ts";
import { copy } from "../copy/copy.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { collect } from "./collect.ts";
import { randomBytes } from "./content.ts";
import { known, manifest, read, stored } from "./documents.ts";
import { rejects } from "./errors.ts";
import type { Suite } from "./suite.ts";

/** The cases of what a target need not have; those that it has must be right. */
export function testOptions(suite: Suite): void {
  describe("leases", () => {
    const there = () => suite.target.lease !== undefined;

    it("have a name and an end, and are listed until they end", async () => {
      const { lease, leases } = suite.target;
      if (!lease || !leases) return assert.equal(leases, undefined);
      const expires = new Date(Date.now() + 60_000);
      const named = await suite.target.lease!({ id: "contract-1", expires });
      assert.equal(named.id, "contract-1");
      const listed = (await collect(suite.medium.again().leases!())).find(({ id }) => id === "contract-1");
      assert.deepEqual(listed?.expires, expires);
      await named[Symbol.asyncDispose]();
      const left = await collect(suite.medium.again().leases!());
      assert.ok(!left.some(({ id }) => id === "contract-1"));
    });

    it("are ended by whoever finds them, and taken over by their name", async () => {
      if (!there()) return;
      const expires = new Date(Date.now() + 60_000);
      await suite.target.lease!({ id: "contract-2", expires });
      const again = await suite.medium.again().lease!({ id: "contract-2", expires });
      assert.equal(again.id, "contract-2");
      for await (const lease of suite.target.leases!()) await lease[Symbol.asyncDispose]();
      assert.deepEqual(await collect(suite.target.leases!()), []);
    });

    it("are not to be had by a name that is none", async () => {
      if (there()) await rejects(suite.target.lease!({ id: "a/b" }), "invalid-name");
    });

    it("keep what is written meanwhile", async () => {
      if (!there() || !suite.medium.collect) return;
      const lease = await suite.target.lease!();
      const content = await known(randomBytes(500));
      await suite.target.write(content);
      await suite.medium.collect();
      assert.equal((await read(suite.target, { digest: content.digest })).byteLength, 500);
      await lease[Symbol.asyncDispose]();
      await suite.medium.collect();
      await rejects(read(suite.target, { digest: content.digest }), "not-found");
    });
  });

  describe("writes in the making", () => {
    it("are listed with what is there of them, until they end", async () => {
      const { target } = suite;
      if (!target.ingests) return;
      const ingest = await target.ingest!("contract-listed");
      await ingest.append(new Blob([randomBytes(300)]).stream(), 0);
      await ingest.close();
      const listed = (await collect(target.ingests())).find(({ session }) => session === "contract-listed");
      assert.equal(listed?.offset, 300);
      assert.ok(Math.abs(Date.now() - listed!.updated.getTime()) < 60_000);
      await (await target.ingest!("contract-listed", { create: false })).abort();
      const left = await collect(target.ingests());
      assert.ok(!left.some(({ session }) => session === "contract-listed"));
    });
  });

  describe("origins", () => {
    it("name a registry and a repository", async () => {
      const { descriptor } = await suite.target.write(await known(randomBytes(100)));
      for await (const { registry, repository } of suite.target.origins?.(descriptor) ?? []) {
        assert.ok(registry.length > 0 && repository.length > 0);
      }
    });
  });

  describe("completeness", () => {
    it("is true: an image without its layers is refused, where it is claimed", async () => {
      if (!suite.target.complete) return;
      const missing = { ...await known(randomBytes(64)), mediaType: mediaTypes.ociLayer };
      const { mediaType, digest, size } = missing;
      const { content } = await manifest(suite.target, "incomplete", {
        layers: [{ mediaType, digest, size }],
      });
      await assert.rejects(suite.target.write(content, { role: "manifest" }));
      await rejects(suite.target.resolve(content.digest), "not-found");
      // The same one is taken once it is whole.
      await copy(emptyImage().append(layer(randomBytes(512), { compression: "none" })), suite.target);
      await stored(suite.target, "complete");
    });
  });
}
