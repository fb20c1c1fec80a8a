import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listAll, type Metadata } from "../../../src/store/metadata.ts";
import { collect } from "../support.ts";

/** Gives the work records of its own; `again` opens them once more. */
export type InMetadata = (
  work: (metadata: Metadata, again: () => Metadata) => Promise<void>,
) => Promise<void>;

/** What records do, wherever they are kept. */
export function testMetadata(
  name: string,
  inMetadata: InMetadata,
  options: { skip?: string | boolean } = {},
): void {
  describe(name, options, () => {
    it("are put, read and removed", () =>
      inMetadata(async (metadata) => {
        assert.equal(await metadata.get("a", "key"), undefined);
        assert.ok(await metadata.commit([{ bucket: "a", key: "key", value: "1" }]));
        assert.equal((await metadata.get("a", "key"))?.value, "1");
        assert.equal(await metadata.get("b", "key"), undefined);
        assert.ok(await metadata.commit([{ bucket: "a", key: "key", value: null }]));
        assert.equal(await metadata.get("a", "key"), undefined);
      }));

    it("change only if they are what was expected, all or none", () =>
      inMetadata(async (metadata) => {
        const put = (key: string, value: string | null | undefined, expect?: number | string | null) => ({
          bucket: "a",
          key,
          value,
          expect,
        });
        assert.ok(await metadata.commit([put("x", "1", null)]));
        assert.ok(!await metadata.commit([put("x", "2", null)]));
        const { version } = (await metadata.get("a", "x"))!;
        assert.ok(!await metadata.commit([put("y", "1"), put("x", "2", Number(version) + 1)]));
        assert.equal(await metadata.get("a", "y"), undefined);
        assert.ok(await metadata.commit([put("y", "1"), put("x", "2", version)]));
        assert.ok(!await metadata.commit([put("x", "3", version)]));
        // A new version without a new value; and none of what is not there.
        const before = (await metadata.get("a", "x"))!;
        assert.ok(await metadata.commit([put("x", undefined)]));
        const after = (await metadata.get("a", "x"))!;
        assert.equal(after.value, before.value);
        assert.notEqual(after.version, before.version);
        assert.ok(!await metadata.commit([put("z", undefined)]));
      }));

    it("never have a version twice, though they go and come back", () =>
      inMetadata(async (metadata) => {
        const versions = new Set<unknown>();
        for (let n = 0; n < 5; n++) {
          assert.ok(await metadata.commit([{ bucket: "a", key: "x", value: "same", expect: null }]));
          versions.add((await metadata.get("a", "x"))!.version);
          assert.ok(await metadata.commit([{ bucket: "a", key: "x", value: null }]));
        }
        assert.equal(versions.size, 5);
      }));

    it("are listed in the order of their bytes, page by page", () =>
      inMetadata(async (metadata) => {
        const keys = ["a", "a/1", "a/2", "a/\u{1F600}", "a/\uFFEE", "b", "ä"];
        const changes = keys.toReversed().map((key) => ({ bucket: "x", key, value: key }));
        assert.ok(await metadata.commit([...changes, { bucket: "y", key: "a/3", value: "" }]));
        const found = async (options: object) =>
          (await collect(listAll(metadata, "x", options))).map(({ key }) => key);
        // U+FFEE comes before U+1F600, other than in UTF-16.
        assert.deepEqual(await found({}), ["a", "a/1", "a/2", "a/\uFFEE", "a/\u{1F600}", "b", "ä"]);
        assert.deepEqual(await found({ prefix: "a/" }), ["a/1", "a/2", "a/\uFFEE", "a/\u{1F600}"]);
        assert.deepEqual(await found({ prefix: "a/", after: "a/1" }), ["a/2", "a/\uFFEE", "a/\u{1F600}"]);
        assert.equal((await metadata.list("x", { prefix: "a/", limit: 2 })).length, 2);
        const many = Array.from({ length: 2500 }, (_, n) => ({ bucket: "z", key: String(n), value: "" }));
        assert.ok(await metadata.commit(many));
        const all = (await collect(listAll(metadata, "z"))).map(({ key }) => key);
        assert.deepEqual(all, many.map(({ key }) => key).sort());
      }));

    it("add up, however many compare before they set", () =>
      inMetadata(async (metadata, again) => {
        const add = async (to: Metadata) => {
          for (let added = 0; added < 20;) {
            const key = `counter-${added % 3}`;
            const entry = await to.get("counters", key);
            const value = String(Number(entry?.value ?? 0) + 1);
            if (await to.commit([{ bucket: "counters", key, value, expect: entry?.version ?? null }])) {
              added++;
            }
          }
        };
        await using other = again();
        await Promise.all([add(metadata), add(other), add(metadata), add(other)]);
        const counters = await metadata.list("counters");
        assert.equal(counters.reduce((sum, { value }) => sum + Number(value), 0), 80);
      }));

    it("are what they were changed to, whatever is changed", () =>
      inMetadata(async (metadata, again) => {
        await using other = again();
        const expected = new Map<string, string>();
        let seed = 1;
        const roll = (limit: number) => (seed = (seed * 48_271) % 2_147_483_647) % limit;
        for (let round = 0; round < 60; round++) {
          const changes = Array.from({ length: 1 + roll(40) }, () => {
            const key = `key ${roll(300)}`;
            const value = roll(4) === 0 ? null : `${round} ${"x".repeat(roll(400))}`;
            return { bucket: "a", key, value };
          });
          assert.ok(await (round % 2 ? metadata : other).commit(changes));
          for (const { key, value } of changes) {
            if (value === null) expected.delete(key);
            else expected.set(key, value);
          }
          const key = `key ${roll(300)}`;
          assert.equal((await other.get("a", key))?.value, expected.get(key));
        }
        const found = await collect(listAll(metadata, "a"));
        assert.deepEqual(
          found.map(({ key, value }) => [key, value]),
          [...expected].sort(([a], [b]) => a < b ? -1 : 1),
        );
      }));
  });
}
