import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { exportJWK, generateKeyPair } from "jose";
import { bcrypt } from "hash-wasm";
import { type Memory, memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { htpasswd } from "../../src/server/auth/htpasswd.ts";
import { tokenCheck, tokenServer } from "../../src/server/auth/tokens.ts";
import { allowByRules, type Handler, isGranted, protect, server } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { inDirectory } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

/** Everybody pulls, `ci` pushes. */
const allow = allowByRules([{ actions: ["pull"] }, { users: ["ci"], actions: ["push", "delete"] }]);

function inMemory(): Handler {
  const repositories = new Map<string, Memory>();
  return server({
    repositories(name) {
      if (!repositories.has(name)) repositories.set(name, memory());
      return repositories.get(name)!;
    },
  });
}

async function users() {
  const salt = new Uint8Array(16);
  return htpasswd(`ci:${await bcrypt({ password: "secret", salt, costFactor: 4, outputType: "encoded" })}\n`);
}

async function basic(): Promise<(url: () => string) => Handler> {
  const authenticate = await users();
  return () => protect(inMemory(), { authenticate, allow });
}

async function tokens(): Promise<(url: () => string) => Handler> {
  const identity = { issuer: "gantry", service: "registry" };
  const pair = await generateKeyPair("ES256", { extractable: true });
  const key = { ...await exportJWK(pair.privateKey), alg: "ES256" };
  const keys = [{ ...await exportJWK(pair.publicKey), alg: "ES256" }];
  const giving = tokenServer({ ...identity, key, authenticate: await users(), allow });
  return (url) => {
    const registry = inMemory();
    return (request) =>
      new URL(request.url).pathname === "/token" ? giving(request) : protect(registry, {
        authenticate: tokenCheck({ ...identity, keys }),
        allow: (visitor, access) => access.actions.every((action) => isGranted(visitor, access, action)),
        challenge: { scheme: "bearer", realm: `${url()}/token`, service: identity.service },
      })(request);
  };
}

/** Each client pushes a layout with a login, is refused without one, and pulls without one. */
const clients: Record<string, (host: string, directory: string, login: boolean) => Promise<unknown>> = {
  crane: async (host, directory, login) => {
    const crane = (...args: string[]) =>
      run("env", `DOCKER_CONFIG=${join(directory, login ? "crane" : "nobody")}`, "crane", ...args);
    if (login) await crane("auth", "login", host, "-u", "ci", "-p", "secret");
    return await crane("push", "--insecure", join(directory, "images"), `${host}/crane:v1`);
  },
  skopeo: (host, directory, login) =>
    run(
      "skopeo",
      "copy",
      "--dest-tls-verify=false",
      ...(login ? ["--dest-creds=ci:secret"] : ["--dest-no-creds"]),
      `oci:${join(directory, "images")}`,
      `docker://${host}/skopeo:v1`,
    ),
  // It logs in, and skopeo finds what it wrote.
  podman: async (host, directory, login) => {
    const file = join(directory, "auth.json");
    const password = login ? "secret" : "wrong";
    await run(
      "podman",
      "login",
      `--authfile=${file}`,
      "--tls-verify=false",
      "-u",
      "ci",
      "-p",
      password,
      host,
    );
    const from = `oci:${join(directory, "images")}`;
    return await run(
      "skopeo",
      "copy",
      "--dest-tls-verify=false",
      `--authfile=${file}`,
      from,
      `docker://${host}/podman:v1`,
    );
  },
};

for (const [how, open] of [["by name and password", basic], ["by tokens", tokens]] as const) {
  describe(`a registry protected ${how}, and clients of others`, () => {
    for (const [client, push] of Object.entries(clients)) {
      it(
        `${client} pushes with a login, not without, and everybody pulls`,
        needs(client),
        () =>
          inDirectory(async (directory) => {
            const image = emptyImage().append(
              layer(new Uint8Array(100_000).fill(7), { compression: "none" }),
            );
            await copy(image, layout(join(directory, "images")));
            let url = "";
            const listening = await listen((await open())(() => url));
            url = listening.url;
            const host = url.replace("http://", "");
            try {
              await assert.rejects(push(host, directory, false));
              await push(host, directory, true);
              const digest = await run(
                "env",
                `DOCKER_CONFIG=${directory}`,
                "crane",
                "digest",
                `${host}/${client}:v1`,
              );
              assert.match(digest, /^sha256:/);
            } finally {
              await listening.close();
            }
          }),
      );
    }
  });
}
