import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll, utf8 } from "../../src/bytes.ts";
import type { TransportRequest } from "../../src/http/transport.ts";
import { s3, type S3Options } from "../../src/objects/mod.ts";
import { element, elements, escaped } from "../../src/http/xml.ts";
import { fails, rejects } from "../../src/testing/errors.ts";

type Reply = (request: TransportRequest) => Response | Promise<Response>;

/** A bucket whose server answers with these, one after the other, and what it was asked. */
function answering(replies: readonly Reply[], more: Partial<S3Options> = {}) {
  const requests: TransportRequest[] = [];
  const bucket = s3({
    bucket: "images",
    endpoint: "http://s3.example:9000/base",
    credentials: () => ({ accessKeyId: "KEY", secretAccessKey: "very-secret", sessionToken: "TOKEN" }),
    environment: { sleep: () => Promise.resolve() },
    transport: async (request) => {
      const reply = replies[requests.length];
      requests.push(request);
      assert.ok(reply, `an unexpected ${request.method} ${request.url}`);
      return await reply(request);
    },
    ...more,
  });
  return { bucket, requests };
}

const error = (status: number, code: string) => () =>
  new Response(
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>it says &lt;no&gt;</Message></Error>`,
    {
      status,
    },
  );
const differs = error(412, "PreconditionFailed");
const lost = () => Promise.reject(new TypeError("connection reset"));
const put = () => new Response(null, { headers: { etag: '"1"' } });
const object = (text: string, headers: Record<string, string> = {}) => () =>
  new Response(text, {
    headers: { etag: '"1"', "content-length": String(utf8(text).byteLength), ...headers },
  });

/** A body that ends before its time. */
function broken(text: string): ReadableStream<Bytes> {
  let given = false;
  return new ReadableStream({
    pull(controller) {
      if (given) return controller.error(new TypeError("connection reset"));
      given = true;
      controller.enqueue(utf8(text));
    },
  }, { highWaterMark: 0 });
}

async function read(body: ReadableStream<Bytes> | undefined): Promise<string> {
  return new TextDecoder().decode(await readAll(body!, { limit: 1000, what: "object" }));
}

describe("s3", () => {
  it("signs URLs for a while, with no secret in them", async () => {
    const { bucket } = answering([]);
    const url = new URL(await bucket.presigned!("a b/c"));
    assert.equal(`${url.origin}${url.pathname}`, "http://s3.example:9000/base/images/a%20b/c");
    assert.equal(url.searchParams.get("X-Amz-Expires"), "600");
    assert.equal(url.searchParams.get("X-Amz-Security-Token"), "TOKEN");
    assert.match(url.searchParams.get("X-Amz-Signature")!, /^[0-9a-f]{64}$/);
    assert.doesNotMatch(url.href, /very-secret/);
    const open = answering([], { credentials: undefined }).bucket;
    assert.equal(new URL(await open.presigned!("a")).searchParams.has("X-Amz-Signature"), false);
  });

  it("signs requests, to a bucket in the path or in the host", async () => {
    const { bucket, requests } = answering([put, differs]);
    await bucket.put("a b/c+d", utf8("x"), { expect: null });
    const { url, headers, method } = requests[0]!;
    assert.deepEqual([method, url], ["PUT", "http://s3.example:9000/base/images/a%20b/c%2Bd"]);
    assert.equal(headers.get("if-none-match"), "*");
    assert.equal(headers.get("x-amz-security-token"), "TOKEN");
    assert.match(headers.get("authorization")!, /^AWS4-HMAC-SHA256 Credential=KEY\/\d{8}\/us-east-1\/s3\//);
    const hosted = answering([put], { endpoint: undefined, region: "eu-central-1" });
    await hosted.bucket.put("k", utf8("x"));
    assert.equal(hosted.requests[0]!.url, "https://images.s3.eu-central-1.amazonaws.com/k");
    assert.throws(() => s3({ bucket: "a/b" }), fails("invalid-name"));
    assert.throws(() => s3({ bucket: "images", endpoint: "localhost:9000" }), fails("invalid-name"));
  });

  it("goes on in the region that the bucket is in", async () => {
    const moved = (region: string) => () =>
      new Response(null, { status: 301, headers: { "x-amz-bucket-region": region } });
    const { bucket, requests } = answering([moved("eu-central-1"), put, put], { endpoint: undefined });
    await bucket.put("k", utf8("x"));
    await bucket.put("k", utf8("x"));
    const region = ({ headers }: TransportRequest) => headers.get("authorization")!.split("/")[2];
    assert.deepEqual(requests.map(region), ["us-east-1", "eu-central-1", "eu-central-1"]);
    assert.equal(new URL(requests[2]!.url).host, "images.s3.eu-central-1.amazonaws.com");
    assert.equal(new URL(await bucket.presigned!("k")).host, "images.s3.eu-central-1.amazonaws.com");
    const lost = answering([moved("a"), moved("b")], { endpoint: undefined });
    await rejects(lost.bucket.put("k", utf8("x")), "storage", /: 301/);
    const odd = answering([moved("evil.example/")], { endpoint: undefined });
    await rejects(odd.bucket.put("k", utf8("x")), "storage", /: 301/);
  });

  it("tries again what may be gone in a moment, and no more often than told", async () => {
    const { bucket, requests } = answering([
      error(503, "SlowDown"),
      lost,
      error(409, "ConditionalRequestConflict"),
      put,
    ]);
    await bucket.put("k", utf8("x"));
    assert.equal(requests.length, 4);
    const slow = answering([error(503, "SlowDown"), error(503, "SlowDown")], { retries: 1 });
    await rejects(
      slow.bucket.put("k", utf8("x")),
      "unavailable",
      /^put k in s3:\/\/images at s3\.example:9000: 503 SlowDown: it says <no>$/,
    );
  });

  it("says that the bucket refuses, and no secret", async () => {
    const { bucket, requests } = answering([error(403, "AccessDenied"), error(403, "AccessDenied")]);
    await assert.rejects(bucket.put("k", utf8("x")), (found: Error) => {
      assert.doesNotMatch(found.message, /very-secret|TOKEN|Signature/);
      return fails("storage", /403 AccessDenied/)(found);
    });
    assert.equal(requests.length, 2);
  });

  it("bears with servers that are removing an empty directory", async () => {
    const versitygw = answering([error(409, "ExistingObjectIsDirectory"), put, differs]);
    await versitygw.bucket.put("k", utf8("x"), { expect: null });
    const minio = answering([error(403, "AccessDenied"), put, differs]);
    await minio.bucket.put("k", utf8("x"), { expect: null });
  });

  it("knows its own put again when the answer was lost", async () => {
    const ours = answering([lost, differs, object("mine"), differs]);
    assert.equal(await ours.bucket.put("k", utf8("mine"), { expect: null }), '"1"');
    const others = answering([lost, differs, object("thy?")]);
    await rejects(others.bucket.put("k", utf8("mine"), { expect: null }), "conflict");
    const first = answering([differs]);
    await rejects(first.bucket.put("k", utf8("mine"), { expect: null }), "conflict");
  });

  it("sees once that the server compares, and refuses one that does not", async () => {
    const { bucket, requests } = answering([put, put, lost, differs, put, put]);
    await bucket.put("k", utf8("x"));
    await bucket.put("k", utf8("x"), { expect: null });
    await bucket.put("k", utf8("y"), { expect: '"1"' });
    await bucket.put("l", utf8("y"), { expect: null });
    const conditions = requests.map(({ headers }) => headers.get("if-match") ?? headers.get("if-none-match"));
    const other = `"${"0".repeat(32)}"`;
    assert.deepEqual(conditions, [null, "*", other, other, '"1"', "*"]);
    const careless = answering([put, put, put, put]);
    for (const expect of [null, '"1"']) {
      await rejects(careless.bucket.put("k", utf8("x"), { expect }), "unsupported", /does not compare/);
    }
    const unable = answering([error(501, "NotImplemented")]);
    await rejects(unable.bucket.put("k", utf8("x"), { expect: null }), "unsupported", /501 NotImplemented/);
  });

  it("goes on where a body broke off, if it is still the same", async () => {
    const first = () => new Response(broken("hel"), { headers: { etag: '"1"', "content-length": "5" } });
    const rest = () =>
      new Response("lo", { status: 206, headers: { etag: '"1"', "content-range": "bytes 3-4/5" } });
    const { bucket, requests } = answering([first, rest]);
    assert.equal(await read((await bucket.get("k"))?.body), "hello");
    assert.equal(requests[1]!.headers.get("range"), "bytes=3-4");
    assert.equal(requests[1]!.headers.get("if-match"), '"1"');
    const changed = answering([first, error(412, "PreconditionFailed")]);
    const opened = await changed.bucket.get("k");
    await rejects(read(opened?.body), "storage");
  });

  it("takes an error for one whatever its status", async () => {
    const { bucket } = answering([error(200, "InternalError"), error(200, "InternalError")], { retries: 1 });
    const multipart = { key: "k", id: "1" };
    await rejects(
      bucket.completeMultipart(multipart, [{ number: 1, etag: '"&"' }]),
      "unavailable",
      /InternalError/,
    );
  });

  it("waits for what a server says to have put together before it has", async () => {
    const done = () => new Response("<CompleteMultipartUploadResult/>");
    const { bucket, requests } = answering([
      done,
      error(404, "NoSuchKey"),
      error(404, "NoSuchKey"),
      object("all"),
    ]);
    await bucket.completeMultipart({ key: "k", id: "1" }, [{ number: 1, etag: '"1"' }]);
    assert.deepEqual(requests.map(({ method }) => method), ["POST", "HEAD", "HEAD", "HEAD"]);
    const never = [done, ...Array.from({ length: 100 }, () => error(404, "NoSuchKey"))];
    await rejects(
      answering(never).bucket.completeMultipart({ key: "k", id: "1" }, [{ number: 1, etag: '"1"' }]),
      "unavailable",
      /not there/,
    );
  });

  it("tells a bucket that is not there from an object", async () => {
    await rejects(answering([error(404, "NoSuchBucket")]).bucket.get("k"), "storage");
    await rejects(
      answering([error(404, "NoSuchBucket")]).bucket.put("k", utf8("x"), { expect: '"1"' }),
      "storage",
    );
    assert.equal(await answering([error(404, "NoSuchKey")]).bucket.get("k"), undefined);
    await rejects(
      answering([error(404, "NoSuchKey")]).bucket.put("k", utf8("x"), { expect: '"1"' }),
      "conflict",
    );
  });

  it("tells the age of objects by the clock of the server", async () => {
    const headers = {
      date: "Tue, 01 Jan 2030 00:01:00 GMT",
      "last-modified": "Tue, 01 Jan 2030 00:00:00 GMT",
    };
    const facts = await answering([object("x", headers)]).bucket.head("k");
    assert.equal(facts!.now.getTime() - facts!.modified.getTime(), 60_000);
  });
});

describe("answers of S3", () => {
  it("are read by their elements", () => {
    const xml = '<List xmlns="x"><Key>a&amp;b&#x41;&#66;</Key><Key n="1">c\n</Key><Empty/></List>';
    assert.deepEqual(elements(xml, "Key"), ["a&amp;b&#x41;&#66;", "c\n"]);
    assert.equal(element(xml, "Key"), "a&bAB");
    assert.equal(element(xml, "Empty"), undefined);
    assert.equal(element(`<E>${escaped('<a & "b">')}</E>`, "E"), '<a & "b">');
  });
});
