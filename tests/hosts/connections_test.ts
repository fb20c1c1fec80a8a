import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecure } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { TLSSocket } from "node:tls";
import { fetchTransport } from "../../src/http/transport.ts";
import { runtimeTransport } from "../../src/hosts/mod.ts";
import { reachable } from "../../src/hosts/reachable.ts";
import type { Connection, Transport } from "../../src/registry/mod.ts";
import {
  authority,
  clientCertificate,
  clientKey,
  serverCertificate,
  serverKey,
} from "../support/certificates.ts";

/** Says how it was asked. */
function tell(request: IncomingMessage, response: ServerResponse): void {
  const whom = (request.socket as TLSSocket).authorized ? "a friend" : "nobody";
  response.end(`${request.method} ${request.headers.host} ${request.url} for ${whom}`);
}

const servers = {
  plain: () => createPlain(tell),
  secure: () => {
    const tls = { key: serverKey, cert: serverCertificate, ca: authority };
    return createSecure({ ...tls, requestCert: true, rejectUnauthorized: false }, tell);
  },
};

/** Serves on a port, or on a socket, while `work` runs. */
async function serving(
  server: Server,
  at: string | undefined,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) =>
    at === undefined ? server.listen(0, "127.0.0.1", resolve) : server.listen(at, resolve)
  );
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A proxy that notes what it is asked for, and leads every name to this machine. */
function proxy(asked: string[]): Server {
  const server = createPlain((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
    response.end("from the proxy");
  });
  server.on("connect", (request: IncomingMessage, socket) => {
    asked.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
    const up = connect(Number(request.url!.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      up.pipe(socket).pipe(up);
    });
    for (const [one, other] of [[up, socket], [socket, up]] as const) one.on("error", () => other.destroy());
  });
  return server;
}

async function get(transport: Transport, url: string, connection?: Connection): Promise<string> {
  const response = await transport({ url, method: "GET", headers: new Headers(), connection });
  return await response.text();
}

describe("a connection", () => {
  it("trusts the authorities it is given, besides the usual ones", () =>
    serving(servers.secure(), undefined, async (port) => {
      const transport = runtimeTransport();
      const url = `https://localhost:${port}/x`;
      await assert.rejects(get(transport, url));
      assert.equal(await get(transport, url, { ca: [authority] }), `GET localhost:${port} /x for nobody`);
      await assert.rejects(get(transport, url), "it is not trusted from then on");
    }));

  it("does not take the name of another host", () =>
    serving(
      servers.secure(),
      undefined,
      (port) => assert.rejects(get(runtimeTransport(), `https://127.0.0.2:${port}/`, { ca: [authority] })),
    ));

  it("shows a certificate of its own", () =>
    serving(servers.secure(), undefined, async (port) => {
      const connection = { ca: [authority], cert: clientCertificate, key: clientKey };
      const url = `https://localhost:${port}/x`;
      assert.equal(await get(runtimeTransport(), url, connection), `GET localhost:${port} /x for a friend`);
    }));

  it("may lead to a unix socket", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-hosts-"));
    try {
      const socket = join(directory, "s");
      await serving(servers.plain(), socket, async () => {
        assert.equal(
          await get(runtimeTransport(), "http://reg.test/x", { socket }),
          "GET reg.test /x for nobody",
        );
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it("tells when it stands", () =>
    serving(servers.plain(), undefined, async (port) => {
      let connected = 0;
      const request = {
        url: `http://127.0.0.1:${port}/`,
        method: "GET",
        headers: new Headers(),
        connected: () => void connected++,
      };
      const env = { HTTP_PROXY: "http://proxy.test" };
      for (
        const transport of [runtimeTransport(), runtimeTransport({ env })]
      ) await (await transport(request)).text();
      assert.equal(connected, 2);
    }));
});

describe("a host that answers late", () => {
  it("is known to be connected all the same, the first time by a look", async () => {
    let looks = 0;
    const server = createPlain((request, response) => void setTimeout(() => tell(request, response), 150));
    server.on("connection", () => looks++);
    await serving(server, undefined, async (port) => {
      let connected = 0;
      const request = {
        url: `http://127.0.0.1:${port}/`,
        method: "GET",
        headers: new Headers(),
        connectTimeout: 100,
        connected: () => void connected++,
      };
      await (await runtimeTransport()(request)).text();
      // Where `fetch` decodes bodies, it is not used, and the client that is used tells by itself.
      assert.deepEqual([looks, connected], [fetchTransport().decodes ? 1 : 2, 1]);
    });
  });

  it("is not looked at when the request has ended", async () => {
    const address = new URL("http://127.0.0.1:1/");
    assert.equal(await reachable(address, AbortSignal.abort()), false);
    assert.equal(await reachable(address, new AbortController().signal), false);
  });
});

describe("a proxy", () => {
  it("is told the whole address over HTTP, and connects for HTTPS", () => {
    const asked: string[] = [];
    return serving(
      proxy(asked),
      undefined,
      (proxyPort) =>
        serving(servers.secure(), undefined, async (port) => {
          const address = `http://me:pass@127.0.0.1:${proxyPort}`;
          const transport = runtimeTransport({ env: { HTTP_PROXY: address, https_proxy: address } });
          assert.equal(await get(transport, "http://reg.test/x"), "from the proxy");
          const url = `https://reg.test:${port}/y`;
          for (let i = 0; i < 2; i++) {
            assert.equal(
              await get(transport, url, { ca: [authority] }),
              `GET reg.test:${port} /y for nobody`,
            );
          }
          const login = `Basic ${btoa("me:pass")}`;
          assert.equal(asked[0], `GET http://reg.test/x ${login}`);
          assert.equal(asked[1], `CONNECT reg.test:${port} ${login}`);
        }),
    );
  });

  it("is left out for whom NO_PROXY names", () => {
    const asked: string[] = [];
    return serving(
      proxy(asked),
      undefined,
      (proxyPort) =>
        serving(servers.plain(), undefined, async (port) => {
          const env = { ALL_PROXY: `127.0.0.1:${proxyPort}`, NO_PROXY: "127.0.0.0/8,localhost" };
          const transport = runtimeTransport({ env });
          assert.equal(
            await get(transport, `http://127.0.0.1:${port}/x`),
            `GET 127.0.0.1:${port} /x for nobody`,
          );
          assert.deepEqual(asked, []);
        }),
    );
  });
});
