import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { awsContainer, awsInstance } from "../../src/keychain/mod.ts";
import { rejects } from "../../src/testing/errors.ts";

interface Answer {
  status?: number;
  body: string | object;
}

/** A metadata service on loopback: what it was asked, and what it answers. */
async function withService(
  answer: (request: IncomingMessage) => Answer,
  work: (url: string, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { status = 200, body } = answer(request);
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    await new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections()));
  }
}

/** However busy this machine is. */
const timeout = 60_000;
const start = Date.UTC(2026, 0, 1);
const keys = (n: number, expires = start + 3_600_000) => ({
  Code: "Success",
  AccessKeyId: `ASIA${n}`,
  SecretAccessKey: `secret ${n}`,
  Token: `token ${n}`,
  Expiration: new Date(expires).toISOString(),
});

describe("AWS keys of a container", () => {
  it("are asked for with the token, kept, and got anew five minutes before they expire", async () => {
    let now = start, token = "first\n", served = 0;
    const authorizations: (string | undefined)[] = [];
    const answer = ({ headers }: IncomingMessage) => {
      authorizations.push(headers.authorization);
      return { body: keys(++served, now + 3_600_000) };
    };
    await withService(answer, async (url, asked) => {
      const authorization = () => Promise.resolve(token);
      const get = awsContainer({ url: `${url}/v1/credentials`, authorization, timeout, now: () => now });
      assert.deepEqual(await get(), {
        accessKeyId: "ASIA1",
        secretAccessKey: "secret 1",
        sessionToken: "token 1",
      });
      now += 54 * 60_000;
      assert.equal((await get()).accessKeyId, "ASIA1");
      token = "second";
      now += 2 * 60_000;
      assert.equal((await get()).accessKeyId, "ASIA2");
      assert.deepEqual(asked, ["GET /v1/credentials", "GET /v1/credentials"]);
      assert.deepEqual(authorizations, ["first", "second"]);
    });
  });

  it("that are still valid do, while there are no new ones", async () => {
    let now = start, fails = false;
    const answer = () => fails ? { status: 500, body: "later" } : { body: keys(1) };
    await withService(answer, async (url) => {
      const get = awsContainer({ url, timeout, now: () => now });
      await get();
      fails = true;
      now += 58 * 60_000;
      assert.equal((await get()).accessKeyId, "ASIA1");
      now += 3 * 60_000;
      await rejects(get(), "unavailable", /500 later/);
    });
  });

  it("are asked of nobody to whom others could listen", () => {
    for (
      const url of [
        "http://example.com/",
        "http://169.254.170.2.example.com/",
        "http://127.0.0.1.nip.io/",
        "ftp://x",
      ]
    ) {
      assert.throws(() => awsContainer({ url }), { code: "invalid-argument" }, url);
    }
    for (
      const url of ["https://example.com/", "http://169.254.170.2/x", "http://[::1]/", "http://127.1.2.3/"]
    ) {
      awsContainer({ url });
    }
  });

  it("that are none are an error without a secret", async () => {
    const { Expiration: _, ...endless } = keys(1);
    for (const body of [endless, "<html>", "[]", { ...keys(1), Expiration: "soon" }]) {
      await withService(() => ({ body }), async (url) => {
        const error = await rejects(awsContainer({ url, timeout })(), "invalid-document");
        assert.doesNotMatch(String(error), /secret/);
      });
    }
  });
});

describe("AWS keys of a machine", () => {
  it("are asked for with a token of version 2", async () => {
    const answer = ({ method, url, headers }: IncomingMessage): Answer => {
      if (method === "PUT") return { body: headers["x-aws-ec2-metadata-token-ttl-seconds"] ? "session" : "" };
      if (headers["x-aws-ec2-metadata-token"] !== "session") return { status: 401, body: "" };
      return { body: url!.endsWith("/a%20role") ? keys(7) : "a role\n" };
    };
    await withService(answer, async (endpoint, asked) => {
      const get = awsInstance({ endpoint: `${endpoint}/`, timeout, now: () => start });
      const [one, two] = await Promise.all([get(), get()]);
      assert.deepEqual([one.accessKeyId, two.sessionToken], ["ASIA7", "token 7"]);
      assert.deepEqual(asked, [
        "PUT /latest/api/token",
        "GET /latest/meta-data/iam/security-credentials/",
        "GET /latest/meta-data/iam/security-credentials/a%20role",
      ]);
    });
  });

  it("without a role are an error", async () => {
    const answer = ({ method }: IncomingMessage): Answer =>
      method === "PUT" ? { body: "session" } : { status: 404, body: "no role" };
    await withService(
      answer,
      (endpoint) => rejects(awsInstance({ endpoint, timeout })(), "not-found", /404 no role/).then(() => {}),
    );
  });
});
