import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addManifests,
  annotate,
  annotateManifests,
  emptyImage,
  emptyIndex,
  filterManifests,
  forPlatforms,
  Index,
  openRoot,
  removeManifests,
  replaceManifests,
  setSubject,
} from "../../../src/image/mod.ts";
import { parsePlatform } from "../../../src/spec/mod.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { multi, put } from "../documents.ts";

/** amd64, arm64, and 386 in an index of its own. */
async function index(): Promise<Index> {
  const { store, index } = await multi();
  return await openRoot(store, index) as Index;
}
const matching = (text: string) => forPlatforms([parsePlatform(text)]);

/** What an index names, as `amd64 arm64 [386]`. */
async function shape(index: Index): Promise<string> {
  const parts: string[] = [];
  for (const { part, platform } of await index.entries()) {
    parts.push(part instanceof Index ? `[${await shape(part)}]` : platform?.architecture ?? "-");
  }
  return parts.join(" ");
}

describe("filterManifests", () => {
  const rows: [string, string][] = [
    ["linux/arm64", "arm64"],
    ["linux", "amd64 arm64 [386]"],
    ["linux/386", "[386]"],
  ];
  for (const [platform, expected] of rows) {
    it(`keeps ${platform}`, async () => {
      const edited = (await index()).edit(filterManifests(matching(platform)));
      assert.equal(await shape(edited), expected);
    });
  }

  it("keeps the bytes where all stays, and refuses to leave nothing", async () => {
    const whole = await index();
    assert.equal(await whole.edit(filterManifests(matching("linux"))).digest(), await whole.digest());
    await rejects(
      whole.edit(filterManifests(matching("windows"))).children(),
      "not-found",
      /nothing is left of 3/,
    );
  });

  it("takes out what has no platform, unless it is an index that stays", async () => {
    const made = (await index()).edit(addManifests([{ part: emptyImage() }]));
    assert.equal(await shape(made.edit(filterManifests(matching("linux/amd64")))), "amd64");
    const inner = made.edit(filterManifests(({ part }) => part instanceof Index));
    assert.equal(await shape(inner), "[386]");
  });
});

describe("removeManifests", () => {
  it("takes out what matches, in indexes too, which go when they are empty", async () => {
    assert.equal(await shape((await index()).edit(removeManifests(matching("linux/amd64")))), "arm64 [386]");
    assert.equal(await shape((await index()).edit(removeManifests(matching("linux/386")))), "amd64 arm64");
    assert.equal(
      await shape((await index()).edit(removeManifests(({ part }) => part instanceof Index))),
      "amd64 arm64",
    );
  });

  it("refuses what is not there, and to leave nothing", async () => {
    const whole = await index();
    await rejects(whole.edit(removeManifests(matching("windows"))).children(), "not-found", /no such one/);
    await rejects(whole.edit(removeManifests(() => true)).children(), "not-found", /nothing is left/);
  });
});

describe("replaceManifests", () => {
  it("puts another image in place, and keeps what the index says of it", async () => {
    const image = emptyImage(parsePlatform("linux/386")).configure({ user: "1" });
    const edited = (await index()).edit(replaceManifests(matching("linux/386"), image));
    assert.equal(await shape(edited), "amd64 arm64 [386]");
    assert.equal(await (await edited.select(parsePlatform("linux/386"))).digest(), await image.digest());
    await rejects((await index()).edit(replaceManifests(matching("windows"), image)).digest(), "not-found");
  });

  it("keeps unknown fields of the descriptor, but for its bytes", async () => {
    const { store } = await multi();
    const descriptor = {
      ...await emptyImage().descriptor(),
      "x-own": 1,
      data: undefined,
      annotations: { a: "1" },
    };
    const outer = await openRoot(
      store,
      await put(store, { schemaVersion: 2, manifests: [descriptor] }),
    ) as Index;
    const edited = outer.edit(replaceManifests(() => true, emptyIndex()));
    const { digest, size, mediaType } = await emptyIndex().descriptor();
    const { manifests } = await edited.indexManifest();
    assert.deepEqual(manifests, [{ digest, size, mediaType, "x-own": 1, annotations: { a: "1" } }]);
  });
});

describe("annotations of an index", () => {
  it("are its own, or those of what it names", async () => {
    const edited = (await index()).edit(annotate({ top: "1" })).edit(
      annotateManifests(matching("linux/arm64"), { a: "1" }),
    );
    const { annotations, manifests } = await edited.indexManifest();
    assert.deepEqual(annotations, { top: "1" });
    assert.deepEqual(manifests.map(({ annotations }) => annotations), [undefined, { a: "1" }, undefined]);
    const again = edited.edit(annotate({ top: null })).edit(annotateManifests(() => true, { a: null }));
    assert.equal(await again.digest(), await (await index()).digest());
  });

  it("may be about another manifest", async () => {
    const subject = await emptyImage().descriptor();
    const about = (await index()).edit(setSubject({ ...subject, annotations: { no: "1" } }));
    assert.deepEqual((await about.indexManifest()).subject, subject);
    assert.equal(await about.edit(setSubject(null)).digest(), await (await index()).digest());
  });
});
