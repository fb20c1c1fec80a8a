import assert from "node:assert/strict";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { describe, it } from "node:test";
import { nodeTransport } from "../../src/http/node_transport.ts";
import { server } from "../../src/server/mod.ts";
import { listen, type Listening } from "../../src/server/node.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { inStore } from "../store/support.ts";
import { serverCertificate as cert, serverKey as key } from "../support/certificates.ts";
import { digestOf } from "./client.ts";

interface Answer {
  headers: IncomingHttpHeaders & { ":status"?: number };
  body: Uint8Array;
}

/** One request of a session; a body without a length where none is told. */
async function ask(
  session: ClientHttp2Session,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  // Deno does not count connections of HTTP/2, and may end before the answer comes where nothing else is left to wait for.
  const waiting = setInterval(() => {}, 1000);
  const answer = new Promise<Answer>((resolve, reject) => {
    const stream = session.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: body === undefined },
    );
    let answered: Answer["headers"] = {};
    const chunks: Uint8Array[] = [];
    stream.once("response", (headers) => answered = headers);
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.once("end", () => resolve({ headers: answered, body: Buffer.concat(chunks) }));
    stream.once("error", reject);
    if (body) stream.end(body);
  });
  return await answer.finally(() => clearInterval(waiting));
}

function serving(work: (session: ClientHttp2Session, listening: Listening) => Promise<void>): Promise<void> {
  return inStore(async (there) => {
    const registry = server({ repositories: (name) => there.linked(name), keptVerified: true });
    const listening = await listen(registry, { tls: { cert, key }, http2: true });
    const session = connect(listening.url, { rejectUnauthorized: false });
    try {
      await new Promise<void>((resolve, reject) => {
        session.once("connect", () => resolve());
        session.once("error", reject);
      });
      await work(session, listening);
    } finally {
      session.destroy();
      await listening.close();
    }
  });
}

describe("listen, over HTTP/2", () => {
  it("takes and gives blobs, many at once", () =>
    serving(async (session) => {
      const contents = [10, 300_000, 3_000_000].map((size, i) => randomBytes(size, i));
      await Promise.all(contents.map(async (content) => {
        const begun = await ask(session, "POST", "/v2/app/blobs/uploads/");
        assert.equal(begun.headers[":status"], 202);
        const path = `${begun.headers["location"]}?digest=${digestOf(content)}`;
        const { headers } = await ask(session, "PUT", path, content);
        assert.equal(headers[":status"], 201);
      }));
      await Promise.all([...contents, ...contents].map(async (content) => {
        const path = `/v2/app/blobs/${digestOf(content)}`;
        const { headers, body } = await ask(session, "GET", path);
        assert.equal(headers["content-length"], String(content.length));
        assert.equal(digestOf(body), digestOf(content));
        const part = await ask(session, "GET", path, undefined, { range: "bytes=2-8" });
        assert.deepEqual([part.headers[":status"], part.body.length], [206, 7]);
        const head = await ask(session, "HEAD", path);
        assert.deepEqual([head.headers["content-length"], head.body.length], [String(content.length), 0]);
      }));
    }));

  it("speaks HTTP/1.1 with those who know no other", () =>
    serving(async (_, { url }) => {
      const transport = nodeTransport({ connection: { insecure: true } });
      const response = await transport({ url: `${url}/v2/`, method: "GET", headers: new Headers() });
      assert.equal(await response.text(), "{}");
    }));

  it("lets what is under way end when it is told to", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: answer, resolve: give } = Promise.withResolvers<Response>();
    const handler = () => {
      begin();
      return answer;
    };
    const listening = await listen(handler, { tls: { cert, key }, http2: true });
    const session = connect(listening.url, { rejectUnauthorized: false });
    const asked = ask(session, "GET", "/v2/");
    await begun;
    const closing = listening.close({ grace: 30 });
    give(new Response("whole"));
    assert.equal(new TextDecoder().decode((await asked).body), "whole");
    await closing;
    session.destroy();
  });
});
