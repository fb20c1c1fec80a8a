/** A token server for registries: whoever knows the password may do what they ask for, all others may pull. */

import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { serverCertificate as certificate, serverKey as key } from "../support/certificates.ts";

/** What registries know it by. */
export const issuer = "gantry tests";
export const service = "registry.tests";

/** A server under way. */
export interface TokenServer {
  realm: string;
  /** What was asked for so far, as `GET repository:app:pull` with all its scopes. */
  log: string[];
  close(): Promise<void>;
}

/** Starts one that takes this name and password, by GET and Basic or by POST. */
export async function startTokenServer(
  login: { username: string; password: string },
  options: { seconds?: number } = {},
): Promise<TokenServer> {
  const log: string[] = [];
  const server = createServer(async (request, response) => {
    const asked = await askedFor(request);
    log.push([request.method, ...asked.scopes].join(" "));
    const known = asked.username === login.username && asked.password === login.password;
    if (asked.username !== undefined && !known) {
      response.writeHead(401, { "content-type": "application/json" });
      return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"wrong password"}]}');
    }
    const seconds = options.seconds ?? 300;
    const token = signed(asked.scopes.map((scope) => accessTo(scope, known)), seconds);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ token, access_token: token, expires_in: seconds }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    realm: `http://127.0.0.1:${port}/token`,
    log,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Asked {
  scopes: string[];
  username?: string | undefined;
  password?: string | undefined;
}

async function askedFor(request: IncomingMessage): Promise<Asked> {
  if (request.method === "POST") {
    let body = "";
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const field = (name: string) => form.get(name) ?? undefined;
    return {
      scopes: (field("scope") ?? "").split(" ").filter(Boolean),
      username: field("username"),
      password: field("password"),
    };
  }
  const scopes = new URL(request.url ?? "/", "http://tests").searchParams.getAll("scope");
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (basic === undefined) return { scopes };
  const [username, password] = Buffer.from(basic, "base64").toString().split(/:(.*)/s);
  return { scopes, username, password };
}

/** What a scope may do: everything, or for strangers what reads. */
function accessTo(scope: string, known: boolean): { type: string; name: string; actions: string[] } {
  const [, type = "", name = "", actions = ""] = /^([^:]+):(.+):([^:]+)$/.exec(scope) ?? [];
  const wanted = actions.split(",");
  return { type, name, actions: known ? wanted : wanted.filter((action) => action === "pull") };
}

/** A token as the registry wants it, with the certificate that vouches for it. */
function signed(access: readonly object[], seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const x5c = [certificate.replace(/-----[^-]+-----|\s/g, "")];
  const header = { typ: "JWT", alg: "ES256", x5c };
  const times = { iat: now, nbf: now - 10, exp: now + seconds };
  const claims = { iss: issuer, sub: "tests", aud: service, ...times, jti: randomUUID(), access };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(
    ".",
  );
  const signature = sign("sha256", Buffer.from(text), {
    key: createPrivateKey(key),
    dsaEncoding: "ieee-p1363",
  });
  return `${text}.${signature.toString("base64url")}`;
}
