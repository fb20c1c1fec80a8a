/** Reading blobs from registries as they are. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { utf8 } from "../../src/bytes.ts";
import { verified } from "../../src/content/verified.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { fetchTransport } from "../../src/registry/mod.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { rejects } from "../../src/testing/errors.ts";
import { type Answer, blobOf, ranged, rangeOf, read, type Script, scripted } from "./scripted.ts";
import { as, found, get, head, index, readAs, text } from "./pull_answers.ts";

describe("blobs, over a socket,", () => {
  it("that are shorter, longer or other than they should be are never taken for good (B16, B17, B18, B19)", async () => {
    const { bytes, digest, size, get } = await blobOf(1000);
    const what = { mediaType: "x/y", digest, size };
    const wrong: [Answer, ErrorCode[]][] = [
      [{ headers: { "content-length": null }, body: bytes.slice(1), then: "end" }, ["size-mismatch"]],
      [{ headers: { "content-length": "999" }, body: bytes }, ["size-mismatch"]],
      [{ headers: { "content-length": "1001" }, body: bytes }, ["size-mismatch"]],
      [{ body: bytes.slice(0).fill(1, 500, 501) }, ["digest-mismatch"]],
    ];
    for (const [answer, codes] of wrong) {
      await scripted({ [get]: answer }, async ({ app }) => {
        await rejects(readAs(app, what), codes);
      });
    }
    // Without end, and the first bytes are right: it is read as far as it should go.
    const endless: Answer = {
      headers: { "content-length": null },
      body: new Uint8Array(1 << 20),
      then: "silence",
    };
    await scripted({ [get]: { ...endless, body: bytes } }, async ({ app }) => {
      assert.deepEqual(await readAs(app, what), bytes);
    });
    await scripted({ [get]: endless }, async ({ app }) => {
      await rejects(readAs(app, what), "digest-mismatch");
    });
  });

  it("whose length lies are an error, or what they should be (H5)", async () => {
    const { bytes, digest, size, get } = await blobOf(100);
    const what = { mediaType: "x/y", digest, size };
    const lies: Answer[] = [
      { headers: { "content-length": "100" }, body: bytes.slice(0, 3), then: "end" },
      { headers: { "content-length": "2" }, body: bytes, then: "end" },
      { headers: { "content-length": null }, body: bytes.slice(0, 3), then: "end" },
      { headers: { "content-length": ["100", "101"] }, body: bytes, then: "end" },
      { headers: { "content-length": "100, 100" }, body: bytes, then: "end" },
      { headers: { "content-length": null, "transfer-encoding": "chunked" }, body: "zz\r\n", then: "end" },
      { headers: { "content-length": null }, body: bytes, then: "end" },
    ];
    for (const lie of lies) {
      await scripted({ [get]: lie }, async ({ app }) => {
        const all = await readAs(app, what).catch((error) => error);
        if (!GantryError.is(all, "unavailable", "size-mismatch")) assert.deepEqual(all, bytes);
      }, { retry: { retries: 1 } });
    }
  });

  it("that a server compressed unasked come out as they were (B20, B21, H2, H3, H4)", async () => {
    const plain = utf8("a layer that a proxy likes ".repeat(5000));
    const layer = new Uint8Array(gzipSync(plain));
    for (const bytes of [plain, layer]) {
      const digest = await digestBytes(bytes);
      const size = bytes.byteLength;
      const packed = new Uint8Array(gzipSync(bytes));
      const encoded = { "content-encoding": "gzip" };
      const script: Script = {
        [`GET /v2/app/blobs/${digest}`]: [
          {
            headers: { ...encoded, "content-length": String(packed.byteLength) },
            body: packed.slice(0, 30),
            then: "end",
          },
          { headers: { ...encoded, "content-length": null }, body: packed.slice(0, -20), then: "end" },
          { headers: encoded, body: packed },
        ],
      };
      await scripted(script, async ({ app, requests }) => {
        assert.deepEqual(await read(app, { digest, size }), bytes);
        assert.ok(requests.length <= 3);
        assert.ok(requests.every(({ headers }) => /^identity\b/.test(headers["accept-encoding"]!)));
        // Where in the compressed bytes to go on, nobody could say.
        assert.deepEqual(requests.map(({ headers }) => headers["range"]), requests.map(() => undefined));
      });
    }
    const packed = new Uint8Array(gzipSync(text));
    for (const cut of [0, 10]) {
      const body = packed.slice(0, packed.byteLength - cut);
      await scripted(
        { [get]: as(mediaTypes.ociIndex, body, { "content-encoding": "gzip" }) },
        async ({ app }) => {
          const resolving = app.resolve("v1", { document: true });
          if (cut === 0) assert.deepEqual((await resolving).document, index);
          else await assert.rejects(resolving, (error) => GantryError.is(error));
        },
        { retry: { retries: 0 } },
      );
    }
  });

  it("that are compressed themselves, and labelled so, stay as they are or are refused (B22)", async () => {
    const bytes = new Uint8Array(gzipSync(utf8("a layer ".repeat(1000))));
    const digest = await digestBytes(bytes);
    const what = { mediaType: "x/y", digest, size: bytes.byteLength };
    const script = {
      [`GET /v2/app/blobs/${digest}`]: { headers: { "content-encoding": "gzip" }, body: bytes },
    };
    await scripted(script, async ({ app }) => {
      // Node undoes the label, and what was compressed is gone.
      if (fetchTransport().decodes) await rejects(readAs(app, what), "unsupported", /labelled as compressed/);
      else assert.deepEqual(await readAs(app, what), bytes);
    });
  });

  it("go on where they broke, whatever the registry makes of ranges (B24, B25, B26, B27)", async () => {
    const { bytes, digest, size, get } = await blobOf(200_000);
    const part = (headers: Record<string, string>, body = bytes.slice(100_000)): Answer => ({
      status: 206,
      headers,
      body,
    });
    const range = (from: number, to: number, total: number | string = size) => ({
      "content-range": `bytes ${from}-${to}/${total}`,
    });
    const multipart = { "content-type": "multipart/byteranges; boundary=b" };
    const answers: ((from: number) => Answer)[] = [
      () => ({ body: bytes }), // ranges are ignored
      (from) => part(range(from, size - 1), bytes.slice(from)),
      (from) => part(range(from, size - 1, "*"), bytes.slice(from)),
      (from) => part(range(from, from + 999), bytes.slice(from, from + 1000)), // less than was asked for
      () => part({}), // no word of which
      () => part(range(0, size - 1), bytes), // another start
      (from) => part(range(from + 1, size - 1), bytes.slice(from + 1)),
      (from) => part(range(from, size, size + 1), bytes.slice(from)), // another total
      (from) => part({ "content-range": `bytes ${from}-9/${size}, bytes 5-9/${size}` }),
      () => part(multipart, utf8("--b\r\n\r\nx\r\n--b--")),
      () => ({ status: 416, headers: { "content-range": `bytes */${size}` } }),
      () => ({ status: 416 }),
    ];
    for (const answer of answers) {
      let first = true;
      const script: Script = {
        [get]: (request) => {
          const [from = 0] = rangeOf(request) ?? [];
          if (from > 0) return answer(from);
          if (!first) return { body: bytes };
          first = false;
          return {
            headers: { "content-length": String(size) },
            body: bytes.slice(0, 100_000),
            then: "reset",
          };
        },
      };
      await scripted(script, async ({ app, requests }) => {
        assert.deepEqual(await read(app, { digest, size }), bytes);
        assert.ok(requests.length > 1 && requests.length <= 110, String(requests.length));
      });
    }
  });

  it("are at their end where a range begins there (B26)", async () => {
    const { digest, size, get } = await blobOf(100);
    const behind = { status: 416, headers: { "content-range": "bytes */100" } };
    await scripted({ [get]: behind }, async ({ app }) => {
      assert.equal((await read(app, { digest, size }, { start: 100 })).byteLength, 0);
      await rejects(read(app, { digest, size }, { start: 50 }), "conflict");
    });
    const { bytes, get: whole } = await blobOf(100);
    const unasked = { status: 206, headers: { "content-range": "bytes 0-99/100" }, body: bytes };
    await scripted({ [whole]: unasked }, async ({ app }) => {
      assert.deepEqual(await read(app, { digest, size }), bytes);
    });
  });

  it("arrive however often the connection breaks, as long as each brings something (B28)", async () => {
    const { bytes, digest, size, get } = await blobOf(300_000);
    let cuts = 0;
    const script: Script = {
      [get]: (request) => {
        const whole = ranged(request, bytes);
        const body = whole.body as Uint8Array;
        if (body.byteLength <= 10_000 || ++cuts > 25) return whole;
        const headers = { ...whole.headers, "content-length": String(body.byteLength) };
        return { ...whole, headers, body: body.slice(0, 10_000), then: cuts % 2 ? "reset" : "end" };
      },
    };
    await scripted(script, async ({ app, requests }) => {
      assert.deepEqual(await read(app, { digest, size }), bytes);
      assert.ok(requests.length > 10);
    });
    const nothing: Answer = { headers: { "content-length": "300000" }, then: "end" };
    await scripted({ [get]: nothing }, async ({ app, requests }) => {
      await rejects(read(app, { digest, size }), ["unavailable", "size-mismatch"]);
      assert.ok(requests.length <= 16, String(requests.length));
    });
  });

  it("that fall silent are given up, and the connection with them (B29, B30)", async () => {
    const { bytes, digest, size, get } = await blobOf(1000);
    const silent: Answer = {
      headers: { "content-length": "1000" },
      body: bytes.slice(0, 10),
      then: "silence",
    };
    await scripted({ [get]: silent }, async ({ app }) => {
      await rejects(read(app, { digest, size }), "unavailable");
    }, { timeouts: { response: 1000, idle: 40 }, retry: { retries: 1 } });
    await scripted({ [get]: silent }, async ({ app }) => {
      const abort = new AbortController();
      const reason = new Error("changed my mind");
      const reader = (await app.open({ digest, size }, { signal: abort.signal })).getReader();
      await reader.read();
      const next = reader.read();
      abort.abort(reason);
      await assert.rejects(next, reason);
      await assert.rejects(app.open({ digest, size }, { signal: abort.signal }), reason);
    });
  });

  it("that nobody reads to the end leave the connection free (B31)", async () => {
    const script: Script = {
      [get]: [{ status: 503, body: "x".repeat(1000) }, found],
      [head]: { status: 404 },
    };
    await scripted(script, async ({ app, requests }) => {
      await app.resolve("v1", { document: true });
      await rejects(app.resolve("v1"), "not-found");
      assert.equal(requests.length, 3);
    });
  });

  it("in parallel come in ranges, or whole where there are none", async () => {
    const { bytes, digest, size, get } = await blobOf((24 << 20) + 5);
    for (const takes of [true, false]) {
      const script: Script = { [get]: (request) => takes ? ranged(request, bytes) : { body: bytes } };
      await scripted(script, async ({ app, requests }) => {
        assert.ok(Buffer.from(await read(app, { digest, size })).equals(bytes));
        assert.equal(requests.length, takes ? 4 : 2);
      }, { parallelRanges: 3, timeouts: { response: 20_000, idle: 20_000 } });
    }
  });

  it("outside the registry are read without credentials, from servers of the internet only (B38)", async () => {
    const { bytes, digest, size, get } = await blobOf(100);
    const what = (...urls: string[]) => ({
      mediaType: mediaTypes.dockerForeignLayerGzip,
      digest,
      size,
      urls,
    });
    const login = { credentials: () => Promise.resolve({ username: "me", password: "secret" }) };
    const missing: Answer = { status: 404 };
    const challenge: Answer = { status: 401, headers: { "www-authenticate": "Basic" } };
    await scripted(
      { [get]: missing, "GET https://ms.test/l": { body: bytes } },
      async ({ app, authorizations }) => {
        assert.deepEqual(
          await readAs(app, what("https://ms.test/l")),
          bytes,
        );
        assert.deepEqual(authorizations(), [undefined, undefined]);
      },
      login,
    );
    const bad: [string, Answer, ErrorCode][] = [
      ["https://ms.test/l", { body: bytes.slice(0, 99) }, "size-mismatch"],
      ["https://ms.test/l", challenge, "unauthorized"],
      ["https://ms.test/l", { status: 302, headers: { location: "https://127.0.0.1/x" } }, "denied"],
    ];
    for (const [url, answer, code] of bad) {
      await scripted({ [get]: missing, [`GET ${url}`]: answer }, async ({ app, authorizations }) => {
        await rejects(app.open(what(url)), code);
        assert.ok(authorizations().every((header) => header === undefined));
      }, login);
    }
    for (
      const url of [
        "http://ms.test/l",
        "https://10.0.0.1/l",
        "https://169.254.169.254/",
        "file:///etc/passwd",
      ]
    ) {
      await scripted({ [get]: missing }, async ({ app, requests }) => {
        await rejects(app.open(what(url)), "denied");
        assert.equal(requests.length, 1);
      }, login);
    }
    const other: Script = { [get]: missing, "GET https://ms.test/l": { body: bytes.slice().fill(0) } };
    await scripted(other, async ({ app }) => {
      await rejects(
        readAs(app, what("https://ms.test/l")),
        "digest-mismatch",
      );
    }, login);
  });

  it("in their descriptor are read there if they are right, and else at the registry (B39)", async () => {
    const { bytes, digest, size, get } = await blobOf(50);
    const what = (data: Uint8Array) => ({
      mediaType: "x/y",
      digest,
      size,
      data: Buffer.from(data).toString("base64"),
    });
    await scripted({}, async ({ app }) => {
      assert.deepEqual(await readAs(app, what(bytes)), bytes);
    });
    for (const wrong of [bytes.slice(1), bytes.slice().fill(0)]) {
      await scripted({ [get]: { body: bytes } }, async ({ app, requests }) => {
        assert.deepEqual(await readAs(app, what(wrong)), bytes);
        assert.equal(requests.length, 1);
      });
    }
  });

  it("with one digest and two sizes are read as the one that is true (B47)", async () => {
    const { bytes, digest, size, get } = await blobOf(100);
    await scripted({ [get]: { body: bytes } }, async ({ app }) => {
      const source = verified(app);
      await rejects(source.open({ mediaType: "x/y", digest, size: size + 1 }), "size-mismatch");
      assert.deepEqual(
        await new Response(await source.open({ mediaType: "x/y", digest, size })).bytes(),
        bytes,
      );
    });
  });
});
