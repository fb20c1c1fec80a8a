/** What goes wrong between the command and a registry, and the one line that it says of it. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecure } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { run } from "../../src/cli/program.ts";
import { authority, serverCertificate, serverKey } from "../support/certificates.ts";

/** Runs the command in this process. */
async function gantry(env: Record<string, string>, ...args: string[]) {
  const said = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr") => ({
    write: (
      data: string | Uint8Array,
      done: () => void,
    ) => (said[name] += typeof data === "string" ? data : new TextDecoder().decode(data), done()),
  });
  const signal = new AbortController().signal;
  const code = await run(args, {
    stdout: output("stdout"),
    stderr: output("stderr"),
    env,
    signal,
    patience: 0,
    sleep: () => Promise.resolve(),
  });
  return { code, ...said };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const error =
  (status: number, code: string, message: string, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ errors: [{ code, message }] }));
  };
const manifest: Answer = (_, response) => {
  response.setHeader("content-type", "application/vnd.oci.image.index.v1+json");
  response.setHeader("warning", ['299 - "v1 goes away"', '299 - "v1 goes away"', '299 - "so does v2"']);
  response.end('{"schemaVersion":2,"manifests":[]}');
};

/** Peers, by what is the matter with them. */
const peers = {
  plain: (answer: Answer) => createPlain(answer),
  secure: (answer: Answer) => createSecure({ key: serverKey, cert: serverCertificate }, answer),
  /** Accepts connections and does this with them. */
  raw: (use: (socket: Socket) => void) => createServer(use),
};

/** Runs a command against a peer, whose address takes the place of HOST. */
async function against(
  server: Server,
  env: Record<string, string>,
  args: string[],
  prepare: (host: string) => Promise<void> = () => Promise.resolve(),
) {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await prepare(host);
    if (args[0] === "CLOSED") await new Promise((resolve) => server.close(resolve));
    const ran = await gantry(
      env,
      ...args.filter((arg) => arg !== "CLOSED").map((arg) => arg.replace("HOST", host)),
    );
    return { ...ran, stderr: ran.stderr.replaceAll(host, "HOST") };
  } finally {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

interface Case {
  peer: () => Server;
  /** Default: `manifest HOST/app:v1`. */
  args?: string[];
  says: string | RegExp;
}

const closed = () => peers.raw((socket) => socket.destroy());

const cases: Record<string, Case> = {
  "a name without an address": {
    peer: closed,
    args: ["manifest", "no-such-host.invalid/app:v1"],
    says:
      "resolve no-such-host.invalid/app:v1: no answer from no-such-host.invalid: its name has no address; check the name and the network",
  },
  "a port where nobody listens": {
    peer: closed,
    args: ["CLOSED", "manifest", "HOST/app:v1"],
    says:
      "resolve HOST/app:v1: no answer from HOST: the connection is refused; check that it runs, and its port",
  },
  "a certificate of an unknown authority": {
    peer: () => peers.secure(manifest),
    says:
      /^resolve HOST\/app:v1: no answer from HOST: its certificate is not trusted: .+; name its authority as "ca" in hosts\.json, or take any certificate with --insecure$/,
  },
  "plain HTTP where HTTPS is meant": {
    peer: () => peers.plain(manifest),
    args: ["--hosts", "https.json", "manifest", "reg.test/app:v1"],
    says:
      "resolve reg.test/app:v1: no answer from HOST: HTTPS is not spoken there; --insecure speaks plain HTTP too",
  },
  "HTTPS where plain HTTP is meant": {
    peer: () => peers.secure(manifest),
    args: ["--hosts", "http.json", "manifest", "reg.test/app:v1"],
    says:
      /^resolve reg\.test\/app:v1: (?:no answer from HOST: (?:the connection broke|HTTP is not spoken there)$|400 )/,
  },
  "a peer that hangs up": {
    peer: () => peers.raw((socket) => socket.once("data", () => socket.destroy())),
    says: /^resolve HOST\/app:v1: no answer from HOST: the connection broke$/,
  },
  "a peer that talks of something else": {
    peer: () => peers.raw((socket) => socket.once("data", () => socket.end("220 mail.test ESMTP\r\n\r\n"))),
    says: /^resolve HOST\/app:v1: no answer from HOST: HTT.+ is not spoken there/,
  },
  "a peer that keeps silent": {
    peer: () => peers.raw(() => {}),
    args: ["--timeout", "3s", "manifest", "HOST/app:v1"],
    // A machine that is busy may not even find out in time that it is connected.
    says:
      /^resolve HOST\/app:v1: (?:HOST keeps silent: nothing came for|no answer from HOST: not connected after) \d(?:\.\d)? s; --timeout waits longer$/,
  },
  "no login": {
    peer: () => peers.plain(error(401, "UNAUTHORIZED", "log in", { "www-authenticate": 'Basic realm="x"' })),
    says:
      "resolve HOST/app:v1: 401 UNAUTHORIZED: log in (no credentials for HOST); log in with gantry auth login HOST",
  },
  "no permission": {
    peer: () => peers.plain(error(403, "DENIED", "not yours")),
    says:
      "resolve HOST/app:v1: 403 DENIED: not yours (no credentials for HOST); log in with gantry auth login HOST",
  },
  "no such repository": {
    peer: () => peers.plain(error(404, "NAME_UNKNOWN", "unknown name")),
    says: "resolve HOST/app:v1: 404 NAME_UNKNOWN: unknown name; there is no such repository",
  },
  "no such tag": {
    peer: () => peers.plain(error(404, "MANIFEST_UNKNOWN", "unknown manifest")),
    says:
      "resolve HOST/app:v1: 404 MANIFEST_UNKNOWN: unknown manifest; the repository may have other tags: gantry ls lists them",
  },
  "no such tag, told by HEAD": {
    peer: () => peers.plain(error(404, "MANIFEST_UNKNOWN", "unknown manifest")),
    args: ["digest", "HOST/app:v1"],
    says:
      "resolve HOST/app:v1: 404 MANIFEST_UNKNOWN: unknown manifest; the repository may have other tags: gantry ls lists them",
  },
  "too many requests": {
    peer: () => peers.plain(error(429, "TOOMANYREQUESTS", "slow down", { "retry-after": "3600" })),
    says: "resolve HOST/app:v1: 429 TOOMANYREQUESTS: slow down (to be tried again in 3600 s)",
  },
  "a registry that is broken": {
    peer: () => peers.plain((_, response) => response.writeHead(500).end("<h1>Oops</h1>")),
    says: "resolve HOST/app:v1: 500 unavailable",
  },
  "a page that is no manifest": {
    peer: () => peers.plain((_, response) => response.end("<h1>Welcome</h1>")),
    says: /^parse HOST\/app:v1: unexpected "<" at character 0$/,
  },
  "a file of hosts that is wrong": {
    peer: closed,
    args: ["--hosts", "wrong.json", "manifest", "HOST/app:v1"],
    says: /^read .*wrong\.json: hosts: reg\.test: "mirror" is unknown; there are url, /,
  },
  "a file of hosts that is not there": {
    peer: closed,
    args: ["--hosts", "/nowhere/hosts.json", "manifest", "HOST/app:v1"],
    says: 'read hosts: there is no file or directory "/nowhere/hosts.json"',
  },
  "a registry that is blocked": {
    peer: closed,
    args: ["--hosts", "registries.conf", "manifest", "reg.test/app:v1"],
    says: /^open reg\.test\/app: .*registries\.conf blocks "reg\.test"$/,
  },
  "a proxy of another kind": {
    peer: closed,
    args: ["PROXY", "manifest", "reg.test/app:v1"],
    says:
      "connect to reg.test through the proxy of the environment: it is one for socks5, not http:// or https://",
  },
  "a timeout that is none": {
    peer: closed,
    args: ["--timeout", "soon", "manifest", "HOST/app:v1"],
    says: "option '--timeout <duration>' argument 'soon' is invalid. It is a duration such as 45s or 5m.",
  },
};

describe("gantry, where a registry fails, says in one line what, where, why and what to do:", () => {
  for (const [name, { peer, args = ["manifest", "HOST/app:v1"], says }] of Object.entries(cases)) {
    it(name, () =>
      withDirectory(async (directory) => {
        const server = peer();
        const proxied = args[0] === "PROXY";
        const env: Record<string, string> = {
          XDG_CONFIG_HOME: directory,
          ...(proxied && { HTTPS_PROXY: "socks5://me:secret@proxy.test" }),
        };
        const inside = args.slice(proxied ? 1 : 0).map((arg) =>
          /^[a-z]+\.(?:json|conf)$/.test(arg) ? join(directory, arg) : arg
        );
        const { code, stdout, stderr } = await against(
          server,
          env,
          inside,
          (host) => writeHosts(directory, host),
        );
        assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, stderr);
        const [, line = ""] = /^Error: ([^\n]+)\n$/.exec(stderr) ?? [];
        if (typeof says === "string") assert.equal(line, says);
        else assert.match(line, says);
        assert.doesNotMatch(stderr, /secret/);
      }));
  }
});

describe("gantry", () => {
  it("tells what a registry warns of once, on standard error", async () => {
    const { code, stdout, stderr } = await against(peers.plain(manifest), {}, ["manifest", "HOST/app:v1"]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '{"schemaVersion":2,"manifests":[]}');
    assert.equal(stderr, "Warning: HOST: v1 goes away\nWarning: HOST: so does v2\n");
  });

  it("trusts the authority that a file of hosts names, and asks its mirrors first", () =>
    withDirectory(async (directory) => {
      const asked: (string | undefined)[] = [];
      const server = peers.secure((request, response) => {
        asked.push(`${request.method} ${request.url}`);
        manifest(request, response);
      });
      const { code, stderr } = await against(
        server,
        { GANTRY_HOSTS: join(directory, "mirror.json") },
        ["manifest", "reg.test/app:v1"],
        (host) => writeHosts(directory, host),
      );
      assert.equal(code, 0, stderr);
      assert.deepEqual(asked, ["GET /cache/v2/app/manifests/v1"]);
    }));
});

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-cli-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Files that say how `reg.test` is reached, which is at this host. */
async function writeHosts(directory: string, host: string): Promise<void> {
  const files = {
    "https.json": { "reg.test": { url: `https://${host}` } },
    "http.json": { "reg.test": { url: `http://${host}` } },
    "mirror.json": { "reg.test": { mirrors: [{ url: `https://${host}/cache`, ca: "ca.pem" }] } },
    "wrong.json": { "reg.test": { mirror: [] } },
  };
  await writeFile(join(directory, "ca.pem"), authority);
  for (const [name, hosts] of Object.entries(files)) {
    await writeFile(join(directory, name), JSON.stringify({ hosts }));
  }
  await writeFile(
    join(directory, "registries.conf"),
    '[[registry]]\nlocation = "reg.test"\nblocked = true\n',
  );
}
