import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rejects } from "../../../src/testing/errors.ts";
import { collect, ingestText, type InStore } from "../support.ts";

const missing = `sha256:${"0".repeat(64)}` as const;

/** What leases of every store do. */
export function testLeases(inStore: InStore): void {
  describe("leases of a store", () => {
    it("are made, listed and ended", () =>
      inStore(async (there) => {
        const expires = new Date("2040-01-02T03:04:05.000Z");
        await there.leases.create({ id: "one", expires, labels: { a: "1" } });
        const { id } = await there.leases.create();
        const all = await collect(there.leases.list());
        assert.deepEqual(all.map((lease) => lease.id).sort(), ["one", id].sort());
        const [one] = await collect(there.leases.list("labels.a==1"));
        assert.deepEqual(one?.expires, expires);
        await there.leases.delete("one");
        assert.deepEqual((await collect(there.leases.list("id==one"))).length, 0);
      }));

    it("list what they keep", () =>
      inStore(async (there) => {
        const { digest } = await ingestText(there, "one");
        await there.images.create({ name: "a/b:c", target: await ingestText(there, "two") });
        await there.leases.create({ id: "one" });
        await there.leases.addResource("one", { type: "content", id: digest });
        await there.leases.addResource("one", { type: "images", id: "a/b:c" });
        await there.leases.addResource("one", { type: "ingests", id: "ref" });
        const kept = await collect(there.leases.listResources("one"));
        assert.deepEqual(kept.map(({ type }) => type), ["content", "images", "ingests"]);
        assert.deepEqual(kept[1], { type: "images", id: "a/b:c" });
        await there.leases.deleteResource("one", { type: "images", id: "a/b:c" });
        await there.leases.deleteResource("one", { type: "images", id: "a/b:c" });
        assert.equal((await collect(there.leases.listResources("one"))).length, 2);
      }));

    it("are refused as containerd refuses them", () =>
      inStore(async (there) => {
        await there.leases.create({ id: "one" });
        await rejects(there.leases.create({ id: "one" }), "conflict");
        await rejects(there.leases.create({ id: "a/b" }), "invalid-name");
        await rejects(there.leases.delete("two"), "not-found");
        await rejects(collect(there.leases.listResources("two")), "not-found");
        const add = (id: string, type: string, what: string) =>
          there.leases.addResource(id, { type: type as "content", id: what });
        await rejects(add("two", "ingests", "x"), "not-found");
        await rejects(add("one", "content", "x"), "invalid-digest");
        await rejects(add("one", "content", missing), "not-found");
        await rejects(add("one", "images", "x"), "not-found");
        await rejects(add("one", "snapshots/overlayfs", "x"), "unsupported");
        await rejects(add("one", "ingests", ""), "invalid-argument");
      }));
  });
}
