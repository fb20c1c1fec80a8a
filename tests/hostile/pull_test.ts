/** Reading from registries as they are. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { verified } from "../../src/content/verified.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import { Index, openImage, openRoot } from "../../src/image/mod.ts";
import { fetchTransport, type Registry } from "../../src/registry/mod.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { acceptedDocuments, mediaTypes } from "../../src/spec/media_type.ts";
import { rejects } from "../../src/testing/errors.ts";
import { signedSchema1 } from "../support/schema1.ts";
import { type Answer, blobOf, ranged, rangeOf, read, type Script, scripted } from "./scripted.ts";

const text = '{"schemaVersion":2,"manifests":[]}';
const index = utf8(text);
const indexDigest = await digestBytes(index);
const head = "HEAD /v2/app/manifests/v1";
const get = "GET /v2/app/manifests/v1";
const byDigest = `GET /v2/app/manifests/${indexDigest}`;
const as = (type: string, body: Answer["body"] = text, more: Answer["headers"] = {}): Answer => ({
  headers: { "content-type": type, ...more },
  body: body!,
});
const found = as(mediaTypes.ociIndex);
const descriptor = { mediaType: mediaTypes.ociIndex, digest: indexDigest, size: index.byteLength };

/** All of some bytes, verified. */
async function readAs(app: Registry, what: Descriptor): Promise<Bytes> {
  return new Uint8Array(await new Response(await verified(app).open(what)).arrayBuffer());
}

describe("manifests, over a socket,", () => {
  it("have digests that no header tells, or a wrong one, or one of another kind (B1, B4, B5)", async () => {
    const long = await digestBytes(index, "sha512");
    const other = await digestBytes(utf8("other"));
    const claims: [string | null, string][] = [
      [null, indexDigest],
      [other, indexDigest],
      ["sha256:../../x", indexDigest],
      [indexDigest.toUpperCase(), indexDigest],
      ["md5:d41d8cd98f00b204e9800998ecf8427e", indexDigest],
      [long, long],
      [long.replace(/.$/, long.endsWith("0") ? "1" : "0"), indexDigest],
    ];
    for (const [claim, digest] of claims) {
      const answer = as(mediaTypes.ociIndex, text, { "docker-content-digest": claim });
      await scripted({ [head]: answer, [get]: answer, [byDigest]: answer }, async ({ app }) => {
        assert.equal((await app.resolve("v1", { document: true })).descriptor.digest, digest);
        if (claim !== other) {
          assert.match((await app.resolve("v1")).descriptor.digest, /^sha(256|512):[0-9a-f]+$/);
        }
        // What is asked for by digest is that, or refused.
        assert.equal((await app.resolve(indexDigest, { document: true })).descriptor.digest, indexDigest);
      });
    }
    await scripted(
      { [byDigest]: as(mediaTypes.ociIndex, '{"schemaVersion":2,"manifests":[ ]}') },
      async ({ app }) => {
        await rejects(app.resolve(indexDigest, { document: true }), "digest-mismatch");
      },
    );
  });

  it("are asked for by GET where HEAD does not do, or has no reason (B2, B3)", async () => {
    const heads: Answer[] = [
      { status: 405 },
      { status: 200, headers: { "content-length": "0" } },
      { status: 200, headers: { "content-length": null, "content-type": mediaTypes.ociIndex } },
      { status: 403 },
      { status: 500 },
    ];
    for (const answer of heads) {
      await scripted({ [head]: answer, [get]: found }, async ({ app }) => {
        assert.deepEqual((await app.resolve("v1")).descriptor, descriptor);
      });
    }
    const why = { status: 403, body: '{"errors":[{"code":"DENIED","message":"quota used up"}]}' };
    await scripted({ [head]: { status: 403 }, [get]: why }, async ({ app }) => {
      await rejects(app.resolve("v1"), "denied", /quota used up/);
    });
  });

  it("come with no type, or a vague one, or with parameters (B6)", async () => {
    const vague = [
      null,
      "application/json",
      "text/plain; charset=utf-8",
      "application/octet-stream",
      "binary/octet-stream",
      "APPLICATION/vnd.oci.image.index.v1+JSON; charset=utf-8",
    ];
    for (const type of vague) {
      await scripted({ [get]: { headers: { "content-type": type }, body: text } }, async ({ app }) => {
        assert.deepEqual((await app.resolve("v1", { document: true })).descriptor, descriptor);
      });
    }
  });

  it("that are two things at once are refused (B7, B8)", async () => {
    const config = { mediaType: mediaTypes.ociConfig, digest: indexDigest, size: 3 };
    const confused: [string, object][] = [
      [mediaTypes.ociIndex, { schemaVersion: 2, mediaType: mediaTypes.ociManifest, manifests: [] }],
      [mediaTypes.ociIndex, { schemaVersion: 2, manifests: [], layers: [] }],
      [mediaTypes.ociManifest, { schemaVersion: 2, config, layers: [], manifests: [] }],
      ["application/json", { schemaVersion: 2, config, layers: [], manifests: [] }],
    ];
    for (const [type, document] of confused) {
      await scripted({ [get]: as(type, JSON.stringify(document)) }, async ({ app }) => {
        await rejects(app.resolve("v1", { document: true }), "invalid-document");
      });
    }
    // An index says that it names an image, and what comes is an index.
    const inner = { mediaType: mediaTypes.ociManifest, digest: indexDigest, size: index.byteLength };
    const outer = JSON.stringify({ schemaVersion: 2, manifests: [inner] });
    await scripted({ [get]: as(mediaTypes.ociIndex, outer), [byDigest]: found }, async ({ app }) => {
      const root = await openRoot(app, "v1");
      assert.ok(root instanceof Index);
      const [image] = await root.children();
      await assert.rejects(
        image!.children(),
        (error) => GantryError.is(error, "invalid-document", "unsupported"),
      );
    });
  });

  it("are asked for by one list of types, indexes first, and lists of tags by none of them (B9, B10)", async () => {
    const script: Script = { [get]: found, "GET /v2/app/tags/list?n=1000": { body: '{"tags":[]}' } };
    await scripted(script, async ({ app, requests }) => {
      await app.resolve("v1", { document: true });
      for await (const name of app.names()) assert.fail(name);
      const [manifest, tags] = requests;
      assert.equal(manifest!.headers["accept"], acceptedDocuments.join(", "));
      assert.match(manifest!.headers["accept"]!, /^application\/vnd\.oci\.image\.index/);
      assert.equal(tags!.headers["accept"], "application/json");
    });
  });

  it("of Docker's schema 1 are shown and named by what was signed (B11)", async () => {
    const { bytes, digest, payload } = await signedSchema1([indexDigest]);
    const type = mediaTypes.dockerSchema1Signed;
    for (const contentType of [type, "text/plain"]) {
      const script: Script = {
        [get]: as(contentType, bytes, { "docker-content-digest": digest }),
        [`GET /v2/app/manifests/${digest}`]: as(contentType, bytes),
      };
      await scripted(script, async ({ app }) => {
        const { descriptor, document } = await app.resolve("v1", { document: true });
        assert.deepEqual(descriptor, { mediaType: type, digest, size: bytes.byteLength });
        assert.deepEqual(document, bytes);
        const image = await openImage(app, digest);
        assert.deepEqual(await image.rawManifest(), bytes);
        await rejects(image.config(), "unsupported", /Docker's schema 1/);
      });
    }
    const changed = new Uint8Array(bytes);
    changed[payload.indexOf(0x61)] = 0x62;
    await scripted({ [`GET /v2/app/manifests/${digest}`]: as(type, changed) }, async ({ app }) => {
      await rejects(app.resolve(digest, { document: true }), ["digest-mismatch", "invalid-document"]);
    });
  });

  it("may be large, but not endless (B12)", async () => {
    const large = JSON.stringify({
      schemaVersion: 2,
      manifests: [],
      annotations: { x: "y".repeat(5 << 20) },
    });
    for (const length of [undefined, null]) {
      const headers = length === null ? { "content-length": null } : {};
      const answer = { ...as(mediaTypes.ociIndex, large, headers), then: "end" as const };
      await scripted({ [get]: answer }, async ({ app }) => {
        assert.equal((await app.resolve("v1", { document: true })).descriptor.size, large.length);
      });
      await scripted({ [get]: answer }, async ({ app }) => {
        await rejects(app.resolve("v1", { document: true }), "too-large");
      }, { limits: { manifest: 1 << 20 }, retry: { retries: 0 } });
    }
  });

  it("keep every byte, whatever JSON it is (B13)", async () => {
    const written = utf8(`\ufeff{ "schemaVersion" : 2,\r\n "manifests":[], "x":1.0e2 }\n\n`);
    await scripted({ [get]: as(mediaTypes.ociIndex, written) }, async ({ app }) => {
      const { document, descriptor } = await app.resolve("v1", { document: true });
      assert.deepEqual(document, written);
      assert.equal(descriptor.digest, await digestBytes(written));
    });
  });

  it("are held to what the numbers and keys in them may be (B48, B49)", async () => {
    const size = (number: string) =>
      `{"schemaVersion":2,"manifests":[{"mediaType":"${mediaTypes.ociManifest}","digest":"${indexDigest}","size":${number}}]}`;
    const bad: string[] = [
      ...["-1", "1.5", '"3"', "9007199254740993", "1e400"].map(size),
      '{"schemaVersion":2,"manifests":[],"manifests":[]}',
      `{"schemaVersion":2,"manifests":[],"x":${"[".repeat(100_000)}`,
    ];
    for (const body of bad) {
      await scripted({ [get]: as(mediaTypes.ociIndex, body) }, async ({ app }) => {
        await rejects(app.resolve("v1", { document: true }), ["invalid-document", "too-large"]);
      });
    }
    const odd = '{"schemaVersion":2,"manifests":[],"__proto__":{"x":1},"constructor":1}';
    await scripted({ [get]: as(mediaTypes.ociIndex, odd) }, async ({ app }) => {
      await app.resolve("v1", { document: true });
      assert.equal(({} as { x?: number }).x, undefined);
    });
  });

  it("that only /blobs/ has are read there (B36)", async () => {
    const script: Script = {
      [byDigest]: { status: 404 },
      [byDigest.replace("manifests", "blobs")]: { body: text },
    };
    await scripted(script, async ({ app }) => {
      const stream = await verified(app).open(descriptor, { role: "manifest" });
      assert.equal(await new Response(stream).text(), text);
    });
    await scripted({ [byDigest]: { status: 403 } }, async ({ app }) => {
      await rejects(app.open(descriptor), "denied");
    });
  });

  it("are fetched by digest where that is known, of any length that can be checked (B37)", async () => {
    const long = await digestBytes(index, "sha512");
    await scripted({ [`GET /v2/app/manifests/${long}`]: found }, async ({ app, requests }) => {
      assert.equal((await app.resolve(long, { document: true })).descriptor.digest, long);
      for (const name of ["blake3:00", "sha256+b64u:AA", `${indexDigest}0`]) {
        await rejects(app.resolve(name), ["unsupported", "invalid-digest"]);
      }
      assert.equal(requests.length, 1);
    });
  });

  it("have names that never become a path of their own (B42, B43)", async () => {
    await scripted({}, async ({ app, open }) => {
      for (const name of ["../x", "%2e%2e", "a/b", "a?b", "a#b", ".x", "-x", "x".repeat(129), "", "a b"]) {
        await rejects(app.resolve(name), "invalid-name");
      }
      for (
        const name of ["reg.test/a/../b", "reg.test/%2e%2e/a", "reg.test/A", "reg.test/a//b", "reg.test/a?b"]
      ) {
        assert.throws(() => open(name), (error) => GantryError.is(error, "invalid-name"));
      }
    });
  });
});

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

describe("refusals, over a socket,", () => {
  it("that pass are waited for as long as the server wants, within reason (B32, B33)", async () => {
    const waits: [number, Record<string, string>, number][] = [
      [429, { "retry-after": "30" }, 30_250],
      [429, { "retry-after": new Date(1_700_000_010_000).toUTCString() }, 10_250],
      [429, { "retry-after": "-5" }, 500],
      [429, { "retry-after": "soon" }, 500],
      [503, { "retry-after": "3" }, 3250],
      ...[408, 500, 502, 503, 504, 522].map((
        status,
      ): [number, Record<string, string>, number] => [status, {}, 500]),
    ];
    for (const [status, headers, wait] of waits) {
      await scripted({ [get]: [{ status, headers }, found] }, async ({ app, slept }) => {
        await app.resolve("v1", { document: true });
        assert.deepEqual(slept.map((ms) => Math.round(ms)), [wait], `${status} ${JSON.stringify(headers)}`);
      });
    }
    for (const status of [501, 505, 400, 404, 429]) {
      const headers = status === 429 ? { "retry-after": "1000000000" } : {}; // nobody waits as long
      await scripted({ [get]: { status, headers } }, async ({ app, slept }) => {
        await assert.rejects(app.resolve("v1", { document: true }), (error) => GantryError.is(error));
        assert.deepEqual(slept, []);
      });
    }
    const quota = {
      status: 429,
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}',
    };
    await scripted({ [get]: quota }, async ({ app }) => {
      await rejects(
        app.resolve("v1", { document: true }),
        "rate-limited",
        /TOOMANYREQUESTS: pull rate limit/,
      );
    });
  });

  it("have bodies of every kind, and the status decides (B34, B35)", async () => {
    const bodies = [
      '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"gone","detail":{"any":[1]}}]}',
      '{"errors":[{"code":"UNKNOWN","message":"not found"}]}',
      '{"details":"not here"}',
      '{"errors":[]}',
      '{"errors":[null,1,{}]}',
      "[]",
      "<html><body>not here</body></html>",
      "not here",
      "",
      "x".repeat(200_000),
    ];
    const statuses: [number, ErrorCode][] = [[401, "unauthorized"], [403, "denied"], [404, "not-found"], [
      410,
      "not-found",
    ]];
    for (const body of bodies) {
      for (const [status, code] of statuses) {
        await scripted({ [get]: { status, body }, "GET /v2/": {} }, async ({ app }) => {
          await assert.rejects(app.resolve("v1", { document: true }), (error: Error) => {
            assert.ok(GantryError.is(error, code), String(error));
            assert.ok(error.message.length < 2000);
            assert.doesNotMatch(error.message, /<html/);
            return true;
          });
        });
      }
    }
  });
});

describe("hosts, over a socket,", () => {
  it("are never spoken to without TLS unless they are of this machine (B41)", async () => {
    const script: Script = {
      "GET http://localhost/v2/app/manifests/v1": found,
      "GET https://far.test/v2/app/manifests/v1": { then: "reset", headers: { "content-length": "5" } },
    };
    await scripted(script, async ({ open, calls }) => {
      await open("localhost/app").resolve("v1", { document: true });
      await rejects(open("far.test/app").resolve("v1", { document: true }), "unavailable");
      assert.ok(!calls().some((call) => call.includes("http://far.test")));
    }, { retry: { retries: 0 } });
  });
});
