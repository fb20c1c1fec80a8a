import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { memory } from "../../src/content/mod.ts";
import { digestOf, pushImage, refused, registryInMemory } from "./client.ts";

const tags = ["1.0", "B", "_x", "a", "b", "latest"];

async function withTags() {
  const registry = registryInMemory();
  for (const tag of tags.toReversed()) await pushImage(registry.handler, "app", tag);
  return registry;
}

/** The pages from one on, going by `Link`. */
async function pages(send: (method: string, path: string) => Promise<Response>, path: string, key: string) {
  const found: string[][] = [];
  for (let next: string | undefined = path; next;) {
    const response: Response = await send("GET", next);
    assert.equal(response.status, 200);
    found.push((await response.json())[key]);
    const link: string | null = response.headers.get("link");
    if (link) assert.match(link, /^<\/v2\/[^>]+>; rel="next"$/);
    next = link?.slice(1, link.indexOf(">"));
  }
  return found;
}

describe("the list of tags", () => {
  it("is sorted by bytes", async () => {
    const { send } = await withTags();
    const response = await send("GET", "/v2/app/tags/list");
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("link"), null);
    assert.deepEqual(await response.json(), { name: "app", tags });
  });

  it("is empty for a repository without tags", async () => {
    const { send } = registryInMemory();
    assert.deepEqual(await (await send("GET", "/v2/app/tags/list")).json(), { name: "app", tags: [] });
  });

  it("comes in pages that leave nothing out", async () => {
    const { send } = await withTags();
    for (const n of [1, 2, 4, 5, 6, 7, 1e9]) {
      const all = await pages(send, `/v2/app/tags/list?n=${n}`, "tags");
      assert.deepEqual(all.flat(), tags);
      assert.equal(all.length, Math.ceil(tags.length / n));
    }
  });

  it("begins after last, which need not be there", async () => {
    const { send } = await withTags();
    const after = async (last: string) =>
      (await (await send("GET", `/v2/app/tags/list?last=${last}`)).json()).tags;
    assert.deepEqual(await after("_x"), ["a", "b", "latest"]);
    assert.deepEqual(await after("aa"), ["b", "latest"]);
    assert.deepEqual(await after("zzz"), []);
    assert.deepEqual(await after(""), tags);
    assert.deepEqual(await after("%22%3E%0d%0a"), tags);
  });

  it("is empty and ends there when none are wanted", async () => {
    const { send } = await withTags();
    const response = await send("GET", "/v2/app/tags/list?n=0");
    assert.equal(response.headers.get("link"), null);
    assert.deepEqual((await response.json()).tags, []);
  });

  it("refuses a number that is none", async () => {
    const { send } = await withTags();
    for (const n of ["-1", "abc", "1.5", "", "99999999999999999999", "1&n=2"]) {
      await refused(await send("GET", `/v2/app/tags/list?n=${n}`), 400, "PAGINATION_NUMBER_INVALID");
    }
  });

  it("shows tags alone: not digests, nor a layout's longer names", async () => {
    const target = memory();
    target.names = async function* () {
      yield* ["v1", digestOf("x"), "docker.io/library/app:v1", "v1", ".hidden"];
    };
    const { send } = registryInMemory({ repositories: () => target });
    assert.deepEqual((await (await send("GET", "/v2/app/tags/list")).json()).tags, ["v1"]);
  });
});

describe("the catalog", () => {
  const catalog = async function* () {
    yield* ["b/c", "a", "Not/Valid", "b"];
  };

  it("is sorted and comes in pages", async () => {
    const { send } = registryInMemory({ catalog });
    assert.deepEqual(await (await send("GET", "/v2/_catalog")).json(), { repositories: ["a", "b", "b/c"] });
    assert.deepEqual(await pages(send, "/v2/_catalog?n=2", "repositories"), [["a", "b"], ["b/c"]]);
    await refused(await send("GET", "/v2/_catalog?n=-1"), 400, "PAGINATION_NUMBER_INVALID");
  });

  it("is not there unless it is given", async () => {
    const { send } = registryInMemory();
    await refused(await send("GET", "/v2/_catalog"), 405, "UNSUPPORTED");
  });
});
