import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Client, type Handler, limit, type LimitOptions, protect } from "../../../src/server/mod.ts";
import { digestOf, refused, registryInMemory } from "../client.ts";

/** A registry whose clock stands still, and what is asked of it in the name of an address. */
function limited(limits: Partial<LimitOptions>, inner: Handler = registryInMemory().handler) {
  const clock = { now: 0 };
  const by = (_: Request, { address }: Client) => address;
  const handler = limit(inner, { by, now: () => clock.now, ...limits });
  return {
    clock,
    ask: (address: string | undefined, method: string, path: string, body: BodyInit | null = null) =>
      handler(
        new Request(`http://registry.test${path}`, {
          method,
          body,
          ...{ duplex: "half" },
        }),
        { address },
      ),
  };
}

describe("a limited registry", () => {
  it("takes so many requests at once, and so many a second after that", async () => {
    const { ask, clock } = limited({ requests: 2, burst: 3 });
    for (let i = 0; i < 3; i++) assert.equal((await ask("a", "GET", "/v2/")).status, 200);
    const late = await ask("a", "GET", "/v2/");
    assert.equal(late.headers.get("retry-after"), "1");
    const [error] = await refused(late, 429, "TOOMANYREQUESTS");
    assert.match(error!.message, /come back in 1 seconds/);
    assert.equal((await ask("b", "GET", "/v2/")).status, 200);
    assert.equal((await ask(undefined, "GET", "/v2/")).status, 200);
    clock.now = 499;
    assert.equal((await ask("a", "GET", "/v2/")).status, 429);
    clock.now = 500;
    assert.equal((await ask("a", "GET", "/v2/")).status, 200);
    assert.equal((await ask("a", "GET", "/v2/")).status, 429);
    clock.now = 1e9;
    for (let i = 0; i < 3; i++) assert.equal((await ask("a", "GET", "/v2/")).status, 200);
    assert.equal((await ask("a", "GET", "/v2/")).status, 429);
  });

  it("says how long a slow rate takes", async () => {
    const { ask } = limited({ requests: 0.1 });
    assert.equal((await ask("a", "GET", "/v2/")).status, 200);
    assert.equal((await ask("a", "GET", "/v2/")).headers.get("retry-after"), "10");
  });

  it("takes so many uploads at the same time, and reads nothing of others", async () => {
    let [finish, cancelled] = [() => {}, false];
    const held = new Promise<void>((resolve) => finish = resolve);
    const { ask } = limited({ uploads: 2 }, async () => {
      await held;
      return new Response(null, { status: 202 });
    });
    const running = [1, 2].map(() => ask("a", "PATCH", "/v2/app/blobs/uploads/x", "bytes"));
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
    await refused(await ask("a", "PATCH", "/v2/app/blobs/uploads/x", body), 429, "TOOMANYREQUESTS");
    assert.ok(cancelled);
    const others = [ask("a", "GET", "/v2/"), ask("b", "PATCH", "/v2/app/blobs/uploads/x", "bytes")];
    finish();
    for (const one of [...running, ...others]) assert.equal((await one).status, 202);
    assert.equal((await ask("a", "PATCH", "/v2/app/blobs/uploads/x", "bytes")).status, 202);
  });

  it("keeps so many uploads, of which the forgotten ones give way", async () => {
    const { ask, clock } = limited({ openUploads: 3 });
    const begin = async () => {
      const response = await ask("a", "POST", "/v2/app/blobs/uploads/");
      return { status: response.status, path: response.headers.get("location")! };
    };
    const begun = await Promise.all(Array.from({ length: 5 }, begin));
    assert.deepEqual(begun.map(({ status }) => status).sort(), [202, 202, 202, 429, 429]);
    const [one, two, three] = begun.filter(({ status }) => status === 202).map(({ path }) => path);
    assert.equal((await ask("a", "PUT", `${one}?digest=${digestOf("x")}`, "x")).status, 201);
    assert.equal((await begin()).status, 202);
    assert.equal((await ask("a", "DELETE", two!)).status, 204);
    const last = await begin();
    assert.equal(last.status, 202);
    assert.equal((await begin()).status, 429);
    clock.now = 3_600_000;
    assert.equal((await ask("a", "PATCH", three!, "y")).status, 202);
    assert.equal((await begin()).status, 429);
    clock.now++;
    assert.equal((await begin()).status, 202); // one of those in which nothing happened
    assert.equal((await ask("a", "GET", three!)).status, 204);
    const response = await ask("a", "POST", `/v2/app/blobs/uploads/?digest=${digestOf("z")}`, "z");
    assert.equal(response.status, 201); // it gives way to that, and is over at once
  });

  it("ends a forgotten upload in the name of who begins another, if they may", async () => {
    const { handler } = registryInMemory();
    const closed = protect(handler, {
      authenticate: ({ username = "" }) => Promise.resolve({ name: username }),
      allow: (visitor, { name }) => visitor?.name === name,
    });
    const clock = { now: 0 };
    const limited = limit(closed, { by: () => "all", openUploads: 1, now: () => clock.now });
    const begin = async (name: string) => {
      const headers = { authorization: `Basic ${btoa(`${name}:secret`)}` };
      const path = `http://registry.test/v2/${name}/blobs/uploads/`;
      return (await limited(new Request(path, { method: "POST", headers }))).status;
    };
    assert.equal(await begin("one"), 202);
    clock.now = 3_600_001;
    assert.equal(await begin("two"), 429);
    assert.equal(await begin("one"), 202);
  });

  it("remembers no more than so many clients", async () => {
    const { ask } = limited({ requests: 0.001 }, () => Promise.resolve(new Response()));
    assert.equal((await ask("first", "GET", "/v2/")).status, 200);
    assert.equal((await ask("first", "GET", "/v2/")).status, 429);
    for (let i = 0; i < 10_000; i++) await ask(String(i), "GET", "/v2/");
    assert.equal((await ask("first", "GET", "/v2/")).status, 200);
    assert.equal((await ask("9999", "GET", "/v2/")).status, 429);
  });
});
