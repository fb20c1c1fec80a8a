import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { memory, type Target } from "../../../src/content/mod.ts";
import { type QuotaRule, quotas, server } from "../../../src/server/mod.ts";
import { bytes, digestOf, manifestOf, pushBlob, put, refused, type Send, send } from "../client.ts";

/** A registry in memory with quotas, and a clock that stands still. */
function limited(...rules: QuotaRule[]) {
  const clock = { now: 0 };
  const kept = new Map<string, ReturnType<typeof memory>>();
  const put = quotas(rules, () => clock.now);
  const repository = (name: string) => {
    const found = kept.get(name) ?? memory();
    kept.set(name, found);
    return found;
  };
  const handler = server({ repositories: (name) => put(name, repository(name)) });
  const ask = (method: string, path: string, options?: Send) => send(handler, method, path, options);
  return { clock, handler, ask, repository };
}

const start = "/v2/acme/app/blobs/uploads/";

describe("quotas", () => {
  it("refuse bytes that are too many before they are read", async () => {
    const { handler, ask, repository } = limited({ repositories: "acme/*", bytes: 10 });
    await pushBlob(handler, "acme/app", "1234567");
    const path = (await ask("POST", start)).headers.get("location")!;
    let pulled = false;
    const body = new ReadableStream<Uint8Array>({ pull: () => void (pulled = true) }, { highWaterMark: 0 });
    const headers = { "content-length": "4" };
    const [error] = await refused(await ask("PATCH", path, { headers, body }), 403, "DENIED");
    assert.equal(error!.message, "acme/app has 7 of 10 bytes: 4 more are too many");
    assert.deepEqual(error!.detail, { kind: "bytes", quota: 10, used: 7, more: 4 });
    assert.ok(!pulled);
    await refused(await ask("POST", `${start}?digest=${digestOf("8901")}`, { body: "8901" }), 403, "DENIED");
    assert.equal((await ask("PATCH", path, { body: "890" })).status, 202);
    assert.equal((await ask("PUT", `${path}?digest=${digestOf("890")}`)).status, 201);
    await refused(await ask("POST", start), 403, "DENIED"); // there is no room for anything
    assert.deepEqual(await repository("acme/app").usage(), { bytes: 10, manifests: 0, tags: 0 });
    await pushBlob(handler, "other/app", "much more than ten bytes");
  });

  it("refuse them at the end where nobody said how many there are, and keep the upload", async () => {
    const { handler, ask } = limited({ bytes: 10 });
    const path = (await ask("POST", start)).headers.get("location")!;
    const body = () => new Blob(["123456"]).stream();
    assert.equal((await ask("PATCH", path, { body: body() })).status, 202);
    await pushBlob(handler, "acme/app", "56789");
    const last = `${path}?digest=${digestOf("123456")}`;
    await refused(await ask("PUT", last), 403, "DENIED");
    assert.equal((await ask("GET", path)).headers.get("range"), "0-5");
    assert.equal((await ask("DELETE", `/v2/acme/app/blobs/${digestOf("56789")}`)).status, 202);
    assert.equal((await ask("PUT", last)).status, 201);
    // Nor does a stream without an end fill the disk.
    const other = (await ask("POST", start)).headers.get("location")!;
    const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(bytes("more")) });
    await refused(await ask("PATCH", other, { body: endless }), 403, "DENIED");
    assert.equal((await ask("GET", other)).headers.get("range"), "0-7");
  });

  it("count what is there twice once", async () => {
    const { handler, ask } = limited({ repositories: "acme/*", bytes: 10 });
    await pushBlob(handler, "acme/other", "12345678");
    await pushBlob(handler, "acme/app", "1");
    const mount = `${start}?mount=${digestOf("12345678")}&from=acme/other`;
    assert.equal((await ask("POST", mount)).status, 201);
    assert.equal((await ask("POST", mount)).status, 201);
    const full = limited({ repositories: "acme/*", bytes: 10 });
    await pushBlob(full.handler, "other", "12345678901");
    const tooLarge = `${start}?mount=${digestOf("12345678901")}&from=other`;
    assert.equal((await full.ask("POST", tooLarge)).status, 202); // to be uploaded, which is refused
  });

  it("bound manifests and tags, and let tags move", async () => {
    const { handler, ask, clock, repository } = limited({ manifests: 2, tags: 2 });
    const image = (text: string) => manifestOf("{}", [], { annotations: { text } });
    await pushBlob(handler, "app", "{}");
    for (const tag of ["a", "b", "b"]) {
      assert.equal((await put(handler, `/v2/app/manifests/${tag}`, image("one"))).status, 201);
    }
    const [error] = await refused(await put(handler, "/v2/app/manifests/c", image("one")), 403, "DENIED");
    assert.equal(error!.message, "app has 2 of 2 tags: 1 more are too many");
    assert.equal((await put(handler, "/v2/app/manifests/a", image("two"))).status, 201);
    const third = `/v2/app/manifests/${digestOf(image("three"))}`;
    await refused(await put(handler, third, image("three")), 403, "DENIED");
    assert.equal((await ask("DELETE", "/v2/app/manifests/b")).status, 202);
    assert.equal((await put(handler, "/v2/app/manifests/c", image("two"))).status, 201);
    // What others delete is seen after a moment.
    await refused(await put(handler, "/v2/app/manifests/d", image("two")), 403, "DENIED");
    await repository("app").untag("c");
    await refused(await put(handler, "/v2/app/manifests/d", image("two")), 403, "DENIED");
    clock.now = 1001;
    assert.equal((await put(handler, "/v2/app/manifests/d", image("two"))).status, 201);
    // What others push, after a minute.
    await repository("app").untag("d");
    await ask("GET", "/v2/app/tags/list");
    const { descriptor } = await repository("app").resolve("a");
    await repository("app").tag("e", descriptor);
    clock.now = 62_002;
    await refused(await put(handler, "/v2/app/manifests/f", image("two")), 403, "DENIED");
  });

  it("are not exceeded, nor refuse what has room, however many push at once", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 60 }),
        async (clients, quota) => {
          const { handler, ask, repository } = limited({ bytes: quota });
          const blob = (kind: number) => String(kind).repeat(kind + 1);
          const refusals = new Set<number>();
          await Promise.all(clients.map(async (kinds) => {
            for (const kind of kinds) {
              const content = blob(kind);
              const begun = await send(handler, "POST", start);
              if (begun.status !== 202) {
                refusals.add(kind);
                continue;
              }
              const path = `${begun.headers.get("location")}?digest=${digestOf(content)}`;
              const { status } = await ask("PUT", path, { body: new Blob([content]).stream() });
              if (status !== 201) refusals.add(kind);
            }
          }));
          const { bytes: used } = await repository("acme/app").usage();
          assert.ok(used <= quota, `${used} of ${quota}`);
          const wanted = [...new Set(clients.flat())].reduce((sum, kind) => sum + blob(kind).length, 0);
          if (wanted < quota) assert.deepEqual(refusals, new Set());
        },
      ),
      { numRuns: 60 },
    ));

  it("need a target that can be counted", async () => {
    const target: Target = memory();
    const { usage: _, ...uncounted } = { ...target, usage: undefined };
    const bound = quotas([{ bytes: 1 }])("app", {
      ...uncounted,
      resolve: target.resolve.bind(target),
      open: target.open.bind(target),
      write: target.write.bind(target),
      tag: target.tag.bind(target),
      ingest: target.ingest!.bind(target),
    });
    await refused(await send(server({ repositories: () => bound }), "POST", start), 405, "UNSUPPORTED");
  });
});
