import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fake, type Reply } from "./fake.ts";
import { rejects } from "../../src/testing/errors.ts";
import { collect } from "../../src/testing/collect.ts";

const first = "GET /v2/app/tags/list?n=1000";
const page = (tags: unknown, next?: string): Reply => ({
  body: JSON.stringify({ name: "app", tags }),
  headers: next === undefined ? {} : { link: `<${next}>; rel="next"` },
});

describe("pages of tags", () => {
  it("come page by page, each once, in the registry's order", async () => {
    const { app, calls, seen } = fake({
      [first]: page(["b", "a"], "/v2/app/tags/list?last=a%2B&n=2"),
      "GET /v2/app/tags/list?last=a%2B&n=2": page([], "?last=x"),
      "GET /v2/app/tags/list?last=x": page(["a", "c"]),
    });
    assert.deepEqual(await collect(app.names()), ["b", "a", "c"]);
    assert.equal(calls().length, 3);
    assert.equal(seen[0]!.headers.get("accept"), "application/json");
  });

  it("are not asked for before they are wanted, and no page more than that", async () => {
    const { app, seen } = fake({ [first]: page(["a", "b"], "?last=b") });
    const names = app.names();
    assert.equal(seen.length, 0);
    for await (const name of names) if (name === "a") break;
    assert.equal(seen.length, 1);
  });

  it("that go in a circle, bring nothing new or never end are an error", async () => {
    const circle = fake({ [first]: page(["a"], "?x=1"), "GET /v2/app/tags/list?x=1": page(["b"], "?x=1") });
    await rejects(collect(circle.app.names()), "invalid-document", /circle/);
    const old = fake({ [first]: page(["a"], "?x=1"), "GET /v2/app/tags/list?x=1": page(["a"], "?x=2") });
    await rejects(collect(old.app.names()), "invalid-document", /nothing new/);
    let n = 0;
    const endless = fake(
      new Proxy({}, { get: () => () => page([`t${n}`], `?x=${n++}`) }),
      { limits: { pages: 20 } },
    );
    await rejects(collect(endless.app.names()), "too-large", /more than 20 pages/);
  });

  it("that stay empty end, however new each one is", async () => {
    let n = 0;
    const empty = fake(new Proxy({}, { get: () => () => page([], `?x=${n++}`) }));
    await rejects(collect(empty.app.names()), "invalid-document", /empty, 100 in a row/);
    assert.equal(empty.seen.length, 101);
    let m = 0;
    const sparse = fake(
      new Proxy({}, { get: () => () => page(m % 60 ? [] : [`t${m}`], m++ < 300 ? `?x=${m}` : undefined) }),
    );
    assert.equal((await collect(sparse.app.names())).length, 6);
  });

  it("lead to no other origin", async () => {
    const { app, seen } = fake({ [first]: page(["a"], "https://evil.test/v2/app/tags/list") });
    await rejects(collect(app.names()), "denied", /next page is not on reg\.test/);
    assert.equal(seen.length, 1);
  });

  it("of a page that is too long are not read", async () => {
    const { app } = fake({ [first]: page(["x".repeat(100)]) }, { limits: { page: 50 } });
    await rejects(collect(app.names()), "too-large");
  });
});
