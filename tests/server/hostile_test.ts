/** What clients send that mean no good, or are broken: the lines of E in docs/quirks.md, over a socket and a disk. */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOnly, server } from "../../src/server/mod.ts";
import { listen, type Listening } from "../../src/server/node.ts";
import { type Store, store } from "../../src/store/mod.ts";
import { digestOf, manifestOf, pushBlob, pushImage, put } from "./client.ts";
import { ask, connected, parse, type RawAnswer, untilClosed } from "./raw_client.ts";

const manifestType = "Content-Type: application/vnd.oci.image.manifest.v1+json";
let directory: string;
let there: Store;
let listening: Listening;
let handler: (request: Request) => Promise<Response>;
const errors: unknown[] = [];

const to = (line: string, more?: { headers?: readonly string[]; body?: string | Uint8Array }) =>
  ask(listening.port, line, more);

/** The first error's code. */
function codeOf({ body }: RawAnswer): string {
  return JSON.parse(body).errors[0].code;
}

/** Begins an upload, and tells its path. */
async function upload(repository = "app"): Promise<string> {
  const { status, headers } = await to(`POST /v2/${repository}/blobs/uploads/`);
  assert.equal(status, 202);
  return headers.get("location")!;
}

/** How many bytes an upload has. */
async function offsetOf(path: string): Promise<string | undefined> {
  return (await to(`GET ${path}`)).headers.get("range");
}

describe("a registry over HTTP and a disk", () => {
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-test-"));
    there = store(directory);
    handler = server({
      repositories: (name) => there.linked(name),
      catalog: (options) => there.linkedRepositories(options),
      catalogOrdered: true,
      keptVerified: true,
      onError: (error) => void errors.push(error),
    });
    listening = await listen(handler);
    await pushImage(handler, "app", "v1");
  });
  after(async () => {
    await listening.close();
    await there.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("takes no names that are none (E15)", async () => {
    const paths = [
      "../etc/manifests/v1",
      "a/../../b/manifests/v1",
      "%2e%2e/manifests/v1",
      "a%2fb/manifests/v1",
      "a//b/manifests/v1",
      "a%00/manifests/v1",
      "App/manifests/v1",
      "%C3%A4/manifests/v1",
      `${"a".repeat(300)}/manifests/v1`,
      "a/manifests/..",
      "a/manifests/%2e%2e",
      "a/tags/list/",
      "_catalog/x",
      "blobs/uploads/",
    ];
    for (const path of paths) {
      const { status } = await to(`GET /v2/${path}`);
      assert.ok(status === 400 || status === 404 || status === 405, `${path}: ${status}`);
    }
    assert.equal((await to("POST /v2/a/blobs/uploads/blobs/uploads/")).status, 202);
    assert.equal((await to("GET /v2/uploads/manifests/tags/tags/list")).status, 200);
  });

  it("takes no digests that are none, before it touches anything (E16)", async () => {
    const right = digestOf("x");
    const path = await upload();
    for (
      const digest of [
        right.slice(0, -1),
        `${right}0`,
        right.toUpperCase().replace("SHA256", "sha256"),
        `md5:${"0".repeat(32)}`,
        "sha256:../../x",
        "sha256:..%2f..%2fx",
        "sha256:",
      ]
    ) {
      const query = encodeURIComponent(digest);
      for (
        const line of [
          `GET /v2/app/blobs/${digest}`,
          `DELETE /v2/app/blobs/${digest}`,
          `GET /v2/app/manifests/${digest}`,
          `PUT /v2/app/manifests/${digest}`,
          `GET /v2/app/referrers/${digest}`,
          `POST /v2/app/blobs/uploads/?mount=${query}&from=app`,
          `POST /v2/app/blobs/uploads/?digest=${query}`,
          `PUT ${path}?digest=${query}`,
        ]
      ) {
        const { status } = await to(line);
        assert.ok(status === 400 || status === 404, `${line}: ${status}`);
      }
    }
    assert.equal(codeOf(await to(`GET /v2/app/blobs/sha256:abc`)), "DIGEST_INVALID");
  });

  it("knows an upload under its own name, in its own repository, until it ends (E17)", async () => {
    const path = await upload();
    const id = path.split("/").at(-1)!;
    for (
      const other of [
        path.replace("/app/", "/other/"),
        path.replace(id, crypto.randomUUID()),
        path.replace(id, "..%2fx"),
        path.replace(id, "x"),
      ]
    ) {
      for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
        const body = method === "GET" ? "" : "x";
        const answer = await to(`${method} ${other}?digest=${digestOf("x")}`, { body });
        assert.equal(answer.status, 404, `${method} ${other}`);
        if (method !== "GET") assert.equal(codeOf(answer), "BLOB_UPLOAD_UNKNOWN");
      }
    }
    assert.equal((await to(`PUT ${path}?digest=${digestOf("x")}`, { body: "x" })).status, 201);
    assert.equal((await to(`PUT ${path}?digest=${digestOf("x")}`, { body: "x" })).status, 404);
  });

  it("hashes all bytes, and takes one digest (E18)", async () => {
    for (const last of ["", "b"]) {
      const path = await upload();
      assert.equal((await to(`PATCH ${path}`, { body: "bad" })).status, 202);
      const refused = await to(`PUT ${path}?digest=${digestOf(`good${last}`)}`, { body: last });
      assert.deepEqual([refused.status, codeOf(refused)], [400, "DIGEST_INVALID"]);
      assert.equal((await to(`GET /v2/app/blobs/${digestOf(`bad${last}`)}`)).status, 404);
    }
    const path = await upload();
    const both = `digest=${digestOf("a")}&digest=${digestOf("b")}`;
    assert.equal((await to(`PUT ${path}?${both}`, { body: "a" })).status, 400);
    assert.equal(await offsetOf(path), "0-0");
  });

  it("appends nothing out of order, with PUT neither (E19), nor where lengths disagree (E20)", async () => {
    const path = await upload();
    assert.equal((await to(`PATCH ${path}`, { body: "0123456789" })).status, 202);
    const wrong: [string, string, number][] = [
      ["5-9", "01234", 416],
      ["20-24", "01234", 416],
      ["0-9", "0123456789", 416],
      ["10-12", "01234", 400],
      ["10-99", "01234", 400],
      ["bytes 10-14/15", "01234", 400],
      ["14-10", "01234", 400],
      ["10-", "01234", 400],
      ["10-99999999999999999999", "01234", 400],
      ["-5", "01234", 400],
    ];
    for (const [range, body, expected] of wrong) {
      for (const line of [`PATCH ${path}`, `PUT ${path}?digest=${digestOf("0123456789")}`]) {
        const { status } = await to(line, { headers: [`Content-Range: ${range}`], body });
        assert.equal(status, expected, `${line} ${range}`);
        assert.equal(await offsetOf(path), "0-9");
      }
    }
    const done = await to(`PUT ${path}?digest=${digestOf("0123456789abc")}`, {
      headers: ["Content-Range: 10-12"],
      body: "abc",
    });
    assert.equal(done.status, 201);
  });

  it("lets one of two pieces in, and both of two uploads (E21)", async () => {
    const path = await upload();
    const headers = ["Content-Range: 0-4"];
    const both = await Promise.all(["aaaaa", "bbbbb"].map((body) => to(`PATCH ${path}`, { headers, body })));
    assert.deepEqual(both.map(({ status }) => status).sort(), [202, 416]);
    assert.equal(await offsetOf(path), "0-4");
    const paths = [await upload(), await upload()];
    const ended = await Promise.all(
      paths.map((path) => to(`PUT ${path}?digest=${digestOf("same")}`, { body: "same" })),
    );
    assert.deepEqual(ended.map(({ status }) => status), [201, 201]);
  });

  it("takes manifests whose parts are there, and that are one thing (E25)", async () => {
    const send = (manifest: string, type = manifestType) =>
      to("PUT /v2/app/manifests/x", { headers: [type], body: manifest });
    const missing = await send(manifestOf("missing", ["layer"]));
    assert.equal(codeOf(missing), "MANIFEST_BLOB_UNKNOWN");
    assert.ok(missing.body.includes(digestOf("missing")));
    const right = manifestOf("{}", ["layer"]);
    const wrong = [
      right.replace('"size":5', '"size":6'),
      right.replace("{", '{"manifests":[],'),
      "[]",
      "null",
      "{",
      "",
      '{"schemaVersion":1}',
    ];
    for (const manifest of wrong) assert.equal((await send(manifest)).status, 400, manifest);
    assert.equal((await send(right, "Content-Type: application/vnd.oci.image.index.v1+json")).status, 400);
    const subject = { subject: { mediaType: manifestType.slice(14), digest: digestOf("no"), size: 2 } };
    assert.equal((await send(manifestOf("{}", ["layer"], subject))).status, 201);
    assert.equal((await to("GET /v2/app/manifests/v1")).body, right);
  });

  it("stops reading a manifest that is too long, and survives odd JSON (E26)", async () => {
    const socket = await connected(listening.port);
    const answer = untilClosed(socket);
    socket.write(
      `PUT /v2/app/manifests/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = `100000\r\n${"x".repeat(1024 * 1024)}\r\n`;
    for (let i = 0; i < 10; i++) socket.write(chunk);
    socket.write("0\r\n\r\n");
    assert.equal(parse(await answer).status, 413);
    const length = { headers: [`Content-Length: ${9 * 1024 * 1024}`] };
    assert.equal((await to("PUT /v2/app/manifests/x", length)).status, 413);
    for (
      const body of [
        "[".repeat(100_000),
        `{"a":`.repeat(50_000),
        '{"__proto__":{"schemaVersion":2},"layers":[]}',
        '{"schemaVersion":2,"schemaVersion":1}',
      ]
    ) {
      assert.equal((await to("PUT /v2/app/manifests/x", { headers: [manifestType], body })).status, 400);
    }
  });

  it("gives nobody a blob of another repository by its digest alone (E27)", async () => {
    await pushBlob(handler, "private/app", "secret");
    const digest = digestOf("secret");
    for (
      const line of [
        `GET /v2/app/blobs/${digest}`,
        `HEAD /v2/app/blobs/${digest}`,
        `DELETE /v2/app/blobs/${digest}`,
        `GET /v2/app/manifests/${digest}`,
      ]
    ) assert.equal((await to(line)).status, 404, line);
    assert.equal((await to(`POST /v2/app/blobs/uploads/?mount=${digest}&from=other`)).status, 202);
    assert.equal((await to(`POST /v2/app/blobs/uploads/?mount=${digest}`)).status, 202);
    const named = { headers: [manifestType], body: manifestOf("secret", []) };
    assert.equal(codeOf(await to("PUT /v2/app/manifests/x", named)), "MANIFEST_BLOB_UNKNOWN");
  });

  it("deletes no tags where nothing may be deleted (E28)", async () => {
    const closed = await listen(readOnly(handler));
    try {
      for (const line of ["DELETE /v2/app/manifests/v1", `DELETE /v2/app/blobs/${digestOf("layer")}`]) {
        assert.ok((await ask(closed.port, line)).status >= 400, line);
      }
      const retag = `PUT /v2/app/manifests/${digestOf(manifestOf("{}", ["layer"]))}?tag=v2`;
      const body = manifestOf("{}", ["layer"]);
      assert.ok((await ask(closed.port, retag, { headers: [manifestType], body })).status >= 400);
      assert.equal((await to("GET /v2/app/manifests/v1")).status, 200);
      assert.equal((await to("GET /v2/app/manifests/v2")).status, 404);
    } finally {
      await closed.close();
    }
  });

  it("bounds pages, and takes any `last` (E29)", async () => {
    for (const path of ["_catalog", "app/tags/list"]) {
      assert.equal((await to(`GET /v2/${path}?n=999999999`)).status, 200);
      for (const n of ["-1", "abc", "1e9", "0x10", "99999999999999999999"]) {
        assert.equal((await to(`GET /v2/${path}?n=${n}`)).status, 400, n);
      }
      for (const last of ["%00", "%ff", "%F0%9F%92%A9", "..%2f..", "'%22%3B--", "a".repeat(2000)]) {
        assert.equal((await to(`GET /v2/${path}?n=1&last=${last}`)).status, 200, last);
      }
    }
  });

  it("lists tags alone, with links that stay here (E30)", async () => {
    const manifest = manifestOf("{}", ["layer"]);
    for (const tag of ["B", "a", "_x", "a.b"]) {
      assert.equal((await put(handler, `/v2/app/manifests/${tag}`, manifest)).status, 201);
    }
    await put(handler, `/v2/app/manifests/${digestOf(manifest)}`, manifest);
    const { body, headers } = await to("GET /v2/app/tags/list?n=2", { headers: ["Host: evil.test"] });
    assert.deepEqual(JSON.parse(body).tags, ["B", "_x"]);
    assert.match(headers.get("link")!, /^<\/v2\/app\/tags\/list\?n=2&last=_x>; rel="next"$/);
    const all = JSON.parse((await to("GET /v2/app/tags/list")).body).tags as string[];
    assert.deepEqual(all, [...all].sort());
    assert.ok(all.every((tag) => !tag.includes(":")));
  });

  it("ends connections that bring nothing, or next to nothing (E31)", async () => {
    const impatient = await listen(handler, { idle: 0.3, headers: 0.3 });
    try {
      const path = await upload();
      const starts = [
        "",
        "GET /v2/ HTT",
        "GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: b\r\n",
        `PATCH ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n`,
        `PATCH ${await upload()} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ];
      // Each is tried in silence, and with a byte from time to time.
      await Promise.all(
        starts.flatMap((start, i) =>
          [undefined, ["", "P", "X: y\r\n", "x", "1\r\nx\r\n"][i]].map(async (drip) => {
            const socket = await connected(impatient.port);
            const closed = untilClosed(socket);
            socket.write(start);
            const timer = drip ? setInterval(() => socket.write(drip), 50) : undefined;
            await closed;
            clearInterval(timer);
          })
        ),
      );
      while (await offsetOf(path) === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      await impatient.close();
    }
  });

  it("tells of a HEAD what it tells of a GET, on the wire (E32, E33)", async () => {
    const digest = digestOf("layer");
    for (const path of [`/v2/app/blobs/${digest}`, "/v2/app/manifests/v1"]) {
      const [get, head] = [
        await to(`GET ${path}`, { headers: ["Accept-Encoding: gzip, br"] }),
        await to(`HEAD ${path}`),
      ];
      assert.equal(head.body, "");
      for (const each of [get, head]) each.headers.delete("date");
      assert.deepEqual([...head.headers].sort(), [...get.headers].sort());
      assert.equal(get.headers.get("content-length"), String(get.body.length));
      assert.equal(get.headers.get("content-encoding"), undefined);
      assert.equal(get.headers.get("x-content-type-options"), "nosniff");
      const etag = get.headers.get("etag")!;
      const known = await to(`GET ${path}`, { headers: [`If-None-Match: ${etag}`] });
      assert.deepEqual([known.status, known.body], [304, ""]);
    }
    const part = async (known: string) =>
      (await to(`GET /v2/app/blobs/${digest}`, { headers: ["Range: bytes=1-2", `If-Range: ${known}`] }))
        .status;
    assert.deepEqual([await part(`"${digest}"`), await part('"other"')], [206, 200]);
  });

  it("takes no address from its client (E34)", async () => {
    const headers = ["Host: evil.test", "X-Forwarded-Host: evil.test", "Forwarded: host=evil.test"];
    const { headers: answered } = await to("POST /v2/app/blobs/uploads/", { headers });
    assert.match(answered.get("location")!, /^\/v2\/app\/blobs\/uploads\//);
    const absolute = await to("POST http://evil.test/v2/app/blobs/uploads/");
    assert.match(absolute.headers.get("location")!, /^\/v2\/app\//);
  });

  it("takes requests as all kinds of clients send them (E35)", async () => {
    for (const path of ["/v2", "/v2/"]) assert.equal((await to(`GET ${path}`)).status, 200);
    assert.equal((await to("POST /v2/app/blobs/uploads")).status, 202);
    const expecting = { headers: ["Expect: 100-continue"], body: "expected" };
    const path = await upload();
    assert.equal((await to(`PUT ${path}?digest=${digestOf("expected")}`, expecting)).status, 201);
    const chunked = { headers: ["Transfer-Encoding: chunked"], body: "7\r\nchunked\r\n0\r\n\r\n" };
    assert.equal((await to(`PUT ${await upload()}?digest=${digestOf("chunked")}`, chunked)).status, 201);
  });

  it("has failed at nothing of this, and left no files behind but uploads", async () => {
    assert.deepEqual(errors, []);
    const left = await readdir(join(directory, ".gantry", "tmp")).catch(() => []);
    assert.deepEqual(left, []);
    assert.deepEqual((await there.fsck()).problems, []);
  });
});
