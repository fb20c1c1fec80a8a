import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake, type Reply, type Seen } from "./fake.ts";

const size = (40 << 20) + 123;
const large = Uint8Array.from({ length: size }, (_, i) => (i >> 8) % 251);
const digest = await digestBytes(large);
const get = `GET /v2/app/blobs/${digest}`;
const options = { parallelRanges: 3 };

function part({ headers }: Seen): Reply {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  if (from === undefined) return { body: large };
  const body = large.slice(Number(from), to ? Number(to) + 1 : undefined);
  const range = `bytes ${from}-${Number(from) + body.byteLength - 1}/${size}`;
  return { status: 206, headers: { "content-range": range }, body };
}

const read = async (server: ReturnType<typeof fake>, range = {}): Promise<Bytes> =>
  await readAll(await server.app.open({ digest, size }, range), { limit: 1e8, what: "blob" });
const same = (a: Bytes, b: Bytes) => assert.ok(Buffer.from(a).equals(b));

describe("a large blob in parallel", () => {
  it("comes in ranges, so many at once, in order", async () => {
    let running = 0;
    let most = 0;
    const server = fake({
      [get]: async (request) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        return part(request);
      },
    }, options);
    same(await read(server), large);
    assert.equal(server.seen.length, 6);
    assert.ok(most <= 3 && most > 1, `${most} at once`);
    same(await read(server, { start: 5, end: size - 7 }), large.slice(5, size - 7));
  });

  it("comes in one where the registry gives no ranges, or it is small", async () => {
    const none = fake({ [get]: () => ({ body: large }) }, options);
    same(await read(none), large);
    assert.equal(none.seen.length, 2);
    const small = fake({ [get]: part }, options);
    same(await read(small, { end: 1000 }), large.slice(0, 1000));
    assert.equal(small.seen.length, 1);
  });

  it("fails as a whole when a range fails, and ends with the reader's leave", async () => {
    const failing = fake({
      [get]: (request) =>
        request.headers.get("range")!.startsWith("bytes=25165824-") ? { status: 404 } : part(request),
    }, options);
    await rejects(read(failing), "not-found");
    const left = fake({ [get]: part }, options);
    const reader = (await left.app.open({ digest, size })).getReader();
    await reader.read();
    await reader.cancel();
    assert.ok(left.seen.length <= 3);
  });
});
