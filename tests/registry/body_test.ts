import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type Bytes, concat, utf8 } from "../../src/bytes.ts";
import { HttpResponse } from "../../src/http/response.ts";
import { Timeout } from "../../src/http/timeout.ts";
import { bodyOf } from "../../src/registry/body.ts";
import { rejects } from "../../src/testing/errors.ts";

const plain = utf8("a layer ".repeat(1000));
const packed = new Uint8Array(gzipSync(plain));

function response(body: Uint8Array, encoding: string, { length = true, decoded = false } = {}): HttpResponse {
  const headers: Record<string, string> = { "content-encoding": encoding };
  if (length) headers["content-length"] = String(body.byteLength);
  return new HttpResponse(
    new Response(new Blob([body as Bytes]).stream(), { headers }),
    new Timeout(undefined, () => new Error("silent")),
    { what: "read x", url: new URL("https://reg.test/x"), idleTimeout: 1000, errorLimit: 10, decoded },
  );
}

async function all(from: HttpResponse, size: number | undefined): Promise<Bytes> {
  const body = bodyOf(from, size);
  const chunks: Bytes[] = [];
  for (let chunk; (chunk = await body.read());) chunks.push(chunk);
  return concat(chunks);
}

describe("the body of a blob", () => {
  it("that a server compressed comes out as it was", async () => {
    const forms = [[packed, "gzip"], [packed, "x-gzip"]] as const;
    for (const [body, encoding] of forms) {
      for (const length of [true, false]) {
        assert.deepEqual(await all(response(body, encoding, { length }), plain.byteLength), plain);
      }
    }
    assert.deepEqual(await all(response(packed, "gzip"), undefined), plain);
  });

  it("that is compressed itself, and labelled so, stays as it is", async () => {
    assert.deepEqual(await all(response(packed, "gzip"), packed.byteLength), packed);
    const twice = gzipSync(packed);
    assert.deepEqual(await all(response(twice, "gzip"), packed.byteLength), packed);
  });

  it("that the runtime has decoded is left alone", async () => {
    assert.deepEqual(await all(response(packed, "gzip", { decoded: true }), undefined), packed);
    assert.deepEqual(await all(response(plain, "gzip", { length: false }), plain.byteLength), plain);
    assert.equal((await all(response(new Uint8Array(0), "gzip"), 5)).byteLength, 0);
  });

  it("that the runtime has decoded although it was stored so is lost", async () => {
    const stored = response(packed, "gzip", { decoded: true });
    await rejects(all(stored, packed.byteLength), "unsupported", /labelled as compressed/);
  });

  it("that is cut short, or compressed in a way that cannot be undone, is an error", async () => {
    await rejects(all(response(packed.slice(0, 30), "gzip"), plain.byteLength), "unavailable", /cut short/);
    await rejects(all(response(packed, "br"), plain.byteLength), "unsupported", /compressed with br/);
  });
});
