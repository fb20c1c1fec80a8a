import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type Bytes, readAll } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { registry, type RegistryOptions } from "../../src/registry/mod.ts";
import { plainContent } from "../../src/testing/content.ts";
import { type RawAnswer, type RawRequest, rawServer } from "./raw_server.ts";
import { rejects } from "../../src/testing/errors.ts";

const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251);
const digest = await digestBytes(bytes);
const fast: RegistryOptions = {
  insecure: true,
  environment: { sleep: () => Promise.resolve() },
  timeouts: { response: 300, idle: 300 },
};

/** A registry at a raw socket, which goes when the work is done. */
async function against(
  answer: (request: RawRequest, count: number) => RawAnswer,
  work: (app: ReturnType<typeof registry>, requests: RawRequest[]) => Promise<void>,
  options: RegistryOptions & { early?: boolean } = {},
): Promise<void> {
  let count = 0;
  const server = await rawServer((request) => answer(request, count++), options);
  try {
    await work(registry(`${server.host}/app`, { ...fast, ...options }), server.requests);
  } finally {
    await server.close();
  }
}

const ok = (length: number | undefined, more = ""): string =>
  `200 OK\n${length === undefined ? "" : `Content-Length: ${length}\n`}${more}`;
const read = async (
  app: ReturnType<typeof registry>,
  what = { digest, size: bytes.byteLength },
): Promise<Bytes> => await readAll(await app.open(what), { limit: 1e6, what: "blob" });

describe("over a socket, a blob", () => {
  it("whose connection breaks is gone on with, in every way to break it", async () => {
    for (const then of ["end", "reset"] as const) {
      await against(({ headers }) => {
        const from = Number(/^bytes=(\d+)-$/.exec(headers["range"] ?? "")?.[1] ?? 0);
        if (from > 0) {
          const rest = bytes.slice(from);
          const range = `bytes ${from}-99999/100000`;
          return {
            head: `206 Partial Content\nContent-Range: ${range}\nContent-Length: ${rest.byteLength}`,
            body: rest,
          };
        }
        return { head: ok(bytes.byteLength), body: bytes.slice(0, 40_000), then };
      }, async (app, requests) => {
        assert.deepEqual(await read(app), bytes);
        // Some runtimes lose what came just before the end, so that the first try may have brought nothing.
        assert.match(requests.at(-1)!.headers["range"]!, /^bytes=[1-9]\d*-$/);
      });
    }
  });

  it("that ends early without a length is noticed", async () => {
    await against(
      () => ({ head: ok(undefined), body: bytes.slice(0, 500), then: "end" }),
      async (app, requests) => {
        await rejects(read(app), "size-mismatch");
        assert.ok(requests.length > 1 && requests.length < 10);
      },
    );
  });

  it("whose chunks break off is noticed", async () => {
    const answer = { head: "200 OK\nTransfer-Encoding: chunked", body: "3\r\nabc\r\n", then: "end" } as const;
    await against(() => answer, (app) => rejects(read(app), ["unavailable", "size-mismatch"]));
  });

  it("that announces another length is refused at once", async () => {
    await against(() => ({ head: ok(10), body: "0123456789" }), async (app, requests) => {
      await rejects(read(app), "size-mismatch");
      assert.equal(requests.length, 1);
    });
  });

  it("of a server that falls silent is given up", async () => {
    await against(
      () => ({ head: ok(bytes.byteLength), body: bytes.slice(0, 100), then: "silence" }),
      (app) => rejects(read(app), "unavailable"),
      { timeouts: { response: 1000, idle: 50 }, retry: { retries: 1 } },
    );
  });

  it("compressed on the way is measured by its bytes", async () => {
    const text = new TextEncoder().encode('{"a":"' + "b".repeat(1000) + '"}');
    const name = await digestBytes(text);
    const body = new Uint8Array(gzipSync(text));
    await against(({ path }) => {
      const more = path.includes("manifests") ? "Content-Type: application/vnd.oci.image.index.v1+json" : "";
      return { head: ok(body.byteLength, `Content-Encoding: gzip\n${more}`), body };
    }, async (app) => {
      // As a blob, a runtime may or may not undo it; as a document it is always undone.
      const got = await readAll(await app.open({ digest: name }), { limit: 5000, what: "blob" });
      assert.ok([text.byteLength, body.byteLength].includes(got.byteLength));
      const document = await app.open({ digest: name }, { role: "manifest" });
      assert.deepEqual(await readAll(document, { limit: 5000, what: "manifest" }), text);
    });
  });

  it("being read ends with the caller's signal", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    await against(
      () => ({ head: ok(bytes.byteLength), body: bytes.slice(0, 100), then: "silence" }),
      async (app) => {
        const stream = await app.open({ digest, size: bytes.byteLength }, { signal: abort.signal });
        const reader = stream.getReader();
        await reader.read();
        const next = reader.read();
        abort.abort(reason);
        await assert.rejects(next, reason);
      },
    );
  });
});

describe("over a socket, a registry", () => {
  it("that never answers is given up", async () => {
    const server = await rawServer(() => ({ head: "", then: "silence" }), {});
    try {
      const app = registry(`${server.host}/app`, {
        ...fast,
        timeouts: { response: 40, idle: 40 },
        retry: { retries: 1 },
      });
      await assert.rejects(app.open({ digest }), (error: Error) => {
        assert.ok(GantryError.is(error, "unavailable"));
        return true;
      });
    } finally {
      await server.close();
    }
  });

  it("that does not answer is left when the caller is gone", async () => {
    await against(() => ({ head: "200 OK\nX: y", then: "silence" }), async (app) => {
      const abort = new AbortController();
      const reason = new Error("changed my mind");
      setTimeout(() => abort.abort(reason), 20);
      await assert.rejects(app.resolve("v1", { document: true, signal: abort.signal }), reason);
    }, { timeouts: { response: 5000, idle: 5000 } });
  });

  it("of this machine is found by HTTP after HTTPS", async () => {
    const answer = { head: ok(12, "Content-Type: application/json"), body: '{"tags":[]} ' };
    await against(() => answer, async (app, requests) => {
      for await (const name of app.names()) assert.fail(name);
      assert.equal(requests.length, 1);
    }, { insecure: undefined });
  });

  it("that redirects elsewhere learns nothing of the credentials there", async () => {
    const elsewhere = await rawServer(() => ({ head: ok(bytes.byteLength), body: bytes }));
    try {
      await against(({ headers }) => {
        if (!headers["authorization"]) {
          return { head: '401 No\nWWW-Authenticate: Basic realm="x"\nContent-Length: 0' };
        }
        return { head: `307 There\nLocation: http://${elsewhere.host}/blob?sig=%2B+\nContent-Length: 0` };
      }, async (app) => {
        assert.deepEqual(await read(app), bytes);
        assert.equal(elsewhere.requests[0]!.headers["authorization"], undefined);
        assert.equal(elsewhere.requests[0]!.path, "/blob?sig=%2B+");
      }, { credentials: () => Promise.resolve({ username: "me", password: "secret" }) });
    } finally {
      await elsewhere.close();
    }
  });

  it("that answers with rubbish is an error of ours", async () => {
    for (const head of ["nonsense", "200 OK\nContent-Length: 5\nContent-Length: 6", "999999"]) {
      await against(() => ({ head, body: "hello", then: "end" }), async (app) => {
        await assert.rejects(app.resolve("v1", { document: true }), (error) => GantryError.is(error));
      }, { retry: { retries: 0 } });
    }
  });
});

describe("over a socket, an upload", () => {
  const large = new Uint8Array(3 << 20).fill(5);
  const upload = (patch: (request: RawRequest) => RawAnswer) => (request: RawRequest): RawAnswer => {
    if (request.method === "POST") return { head: "202 Accepted\nLocation: /u\nContent-Length: 0" };
    if (request.method === "PATCH") return patch(request);
    if (request.method === "PUT") return { head: "201 Created\nContent-Length: 0" };
    if (request.method === "DELETE") return { head: "204 No Content" };
    return { head: "404 Not Found\nContent-Length: 0" };
  };

  it("streams all of its bytes, and tells their number where the runtime can", async () => {
    await against(upload(() => ({ head: "202 Accepted\nContent-Length: 0" })), async (app, requests) => {
      await app.write(plainContent(large));
      const patch = requests.find(({ method }) => method === "PATCH")!;
      assert.equal(patch.body.byteLength, large.byteLength);
      const told = patch.headers["content-length"] ?? patch.headers["transfer-encoding"];
      assert.ok(told === String(large.byteLength) || told === "chunked", told);
      const others = requests.filter(({ method }) => method === "POST" || method === "PUT");
      assert.deepEqual(others.map(({ headers }) => headers["content-length"]), ["0", "0"]);
    }, { timeouts: { response: 5000, idle: 5000 } });
  });

  it("that is refused before it is sent tells why", async () => {
    const body = '{"errors":[{"code":"DENIED","message":"quota exceeded"}]}';
    const patch = () => ({
      head: `403 No\nContent-Length: ${body.length}\nConnection: close`,
      body,
      then: "end" as const,
    });
    await against(upload(patch), async (app) => {
      // Where the connection breaks first, that is all there is to tell.
      await rejects(app.write(plainContent(large, { replayable: false })), ["denied", "unavailable"]);
    }, { early: true, retry: { retries: 0 } });
  });

  it("that the caller aborts is given up there too", async () => {
    const abort = new AbortController();
    const reason = new Error("changed my mind");
    let cancelled = false;
    await against(upload(() => ({ head: "202 Accepted\nContent-Length: 0" })), async (app, requests) => {
      const open = () =>
        Promise.resolve(
          new ReadableStream<Bytes>({
            async pull(controller) {
              await new Promise((resolve) => setTimeout(resolve, 1));
              controller.enqueue(new Uint8Array(1000));
              abort.signal.aborted || setTimeout(() => abort.abort(reason), 30);
            },
            cancel: () => void (cancelled = true),
          }),
        );
      const content = { mediaType: "x/y", replayable: false, open };
      await assert.rejects(app.write(content, { signal: abort.signal }), reason);
      assert.equal(requests.at(-1)!.method, "DELETE");
      assert.ok(cancelled);
    });
  });

  it("is not sent twice when it can be read only once", async () => {
    const patch = () => ({ head: "307 There\nLocation: /elsewhere\nContent-Length: 0" });
    await against(upload(patch), async (app) => {
      // Node's fetch does not say where a redirect of a stream goes.
      await rejects(app.write(plainContent(large, { replayable: false })), ["consumed", "unavailable"]);
    });
  });
});
