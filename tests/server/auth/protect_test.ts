import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Credentials } from "../../../src/content/mod.ts";
import { type Memory, memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { emptyImage, layer, openRoot } from "../../../src/image/mod.ts";
import { registries } from "../../../src/registry/mod.ts";
import { allowByRules, type Handler, isGranted, protect, server } from "../../../src/server/mod.ts";
import { htpasswd } from "../../../src/server/auth/htpasswd.ts";
import { tokenCheck, tokenServer } from "../../../src/server/auth/tokens.ts";
import { rejects } from "../../../src/testing/errors.ts";

/** `ci` has the password `secret`, `dev` the password `other`. */
const users = "# users\nci:$2a$05$......................35w9tBXOiWEqF4YNx8Fn9rPUbxS7RTu\n" +
  "dev:$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$";

const rules = allowByRules([
  { repositories: "public/**", actions: ["pull"] },
  { users: ["*"], actions: ["pull"] },
  { repositories: ["acme/*", "public/*"], users: ["ci"], actions: ["push", "delete", "catalog"] },
]);

/** A registry in memory. */
function inMemory(): Handler {
  const repositories = new Map<string, Memory>();
  return server({
    repositories(name) {
      if (!repositories.has(name)) repositories.set(name, memory());
      return repositories.get(name)!;
    },
    async *catalog() {
      yield* repositories.keys();
    },
  });
}

/** One that asks for a name and a password. */
function basic(): Handler {
  return protect(inMemory(), {
    authenticate: htpasswd(users.split("\n").slice(0, 2).join("\n")),
    allow: rules,
  });
}

/** One with a token server beside it. */
function bearer(): Handler {
  const identity = { issuer: "registry.test", service: "registry.test" };
  const key = crypto.getRandomValues(new Uint8Array(32));
  const tokens = tokenServer({
    ...identity,
    key,
    authenticate: htpasswd(users.split("\n").slice(0, 2).join("\n")),
    allow: rules,
  });
  const registry = protect(inMemory(), {
    authenticate: tokenCheck({ ...identity, keys: [key] }),
    allow: (visitor, access) => access.actions.every((action) => isGranted(visitor, access, action)),
    challenge: { scheme: "bearer", realm: "https://registry.test/token", service: identity.service },
  });
  return (request) => new URL(request.url).pathname === "/token" ? tokens(request) : registry(request);
}

/** Our own client, as somebody. */
function clientOf(handler: Handler, credentials?: Credentials) {
  return registries({
    credentials: () => Promise.resolve(credentials),
    transport: async ({ url, method, headers, body }) => {
      const stream = body instanceof Uint8Array ? body : await body?.open();
      const init: RequestInit & { duplex: "half" } = { method, headers, duplex: "half" };
      if (stream) init.body = stream;
      return await handler(new Request(url, init));
    },
  });
}

const app = emptyImage().append(layer(new TextEncoder().encode("hello"), { compression: "none" }));
const ci = { username: "ci", password: "secret" };

for (const [name, protectedRegistry] of [["by name and password", basic], ["by tokens", bearer]] as const) {
  describe(`a registry protected ${name}`, () => {
    it("lets everybody pull and one push, as the rules say", async () => {
      const handler = protectedRegistry();
      const [mine, others, nobody] = [
        clientOf(handler, ci),
        clientOf(handler, { username: "ci", password: "wrong" }),
        clientOf(handler),
      ];
      for (const repository of ["acme/app", "public/app"]) {
        await copy(app, mine(`registry.test/${repository}`), { name: "v1" });
      }
      await openRoot(nobody("registry.test/public/app"), "v1");
      await rejects(openRoot(nobody("registry.test/acme/app"), "v1"), "unauthorized", /acme\/app/);
      await rejects(openRoot(others("registry.test/acme/app"), "v1"), "unauthorized", /registry\.test/);
      await rejects(
        copy(app, nobody("registry.test/public/app"), { name: "v2" }),
        "unauthorized",
        /public\/app/,
      );
      await rejects(
        copy(app, mine("registry.test/other/app"), { name: "v1" }),
        ["denied", "unauthorized"],
        /other\/app/,
      );
      await mine("registry.test/acme/app").untag("v1");
      const listed: string[] = [];
      for await (const repository of mine.catalog("registry.test")) listed.push(repository);
      assert.ok(listed.includes("public/app"));
      await rejects(
        nobody.catalog("registry.test")[Symbol.asyncIterator]().next(),
        "unauthorized",
        /registry\.test/,
      );
    });

    it("mounts nothing from where one may not pull", async () => {
      const handler = protectedRegistry();
      const mine = clientOf(handler, ci);
      await copy(app, mine("registry.test/acme/app"), { name: "v1" });
      const { descriptor: { digest } } = await mine("registry.test/acme/app").resolve("v1", {
        role: "manifest",
      });
      assert.match(digest, /^sha256:/);
      const { layers } = await app.manifest();
      const path = `/v2/public/app/blobs/uploads/?mount=${layers[0]!.digest}&from=acme/app`;
      const ask = (headers: HeadersInit) =>
        handler(new Request(`https://registry.test${path}`, { method: "POST", headers }));
      assert.equal((await ask({})).status, 401);
    });
  });
}

describe("protecting a registry", () => {
  it("tells clients how to log in, at the ping too (E36)", async () => {
    const ask = async (handler: Handler, path: string, init?: RequestInit) =>
      await handler(new Request(`https://registry.test/v2/${path}`, init));
    const ping = await ask(basic(), "");
    assert.deepEqual([ping.status, ping.headers.get("www-authenticate")], [401, 'Basic realm="registry"']);
    assert.equal((await ping.json()).errors[0].code, "UNAUTHORIZED");
    const put = await ask(bearer(), "acme/app/manifests/v1", { method: "PUT", body: "{}" });
    assert.equal(
      put.headers.get("www-authenticate"),
      'Bearer realm="https://registry.test/token",service="registry.test",scope="repository:acme/app:pull,push"',
    );
    const head = await ask(basic(), "acme/app/manifests/v1", { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [401, ""]);
    const authorization = `Basic ${btoa("ci:secret")}`;
    assert.equal((await ask(basic(), "", { headers: { authorization } })).status, 200);
    const denied = await ask(basic(), "other/manifests/v1", { method: "DELETE", headers: { authorization } });
    assert.equal(denied.status, 403);
    assert.equal((await denied.json()).errors[0].code, "DENIED");
    for (const wrong of ["Basic !!", "Digest x", `Basic ${btoa("ci")}`, `Basic ${btoa("no:secret")}`]) {
      assert.equal((await ask(basic(), "", { headers: { authorization: wrong } })).status, 401, wrong);
    }
    assert.equal((await ask(basic(), "A/manifests/v1")).status, 400);
  });

  it("drops a mount that is not allowed, and takes the upload", async () => {
    const asked: string[] = [];
    const registry = protect((request) => {
      asked.push(new URL(request.url).search);
      return Promise.resolve(new Response());
    }, {
      authenticate: () => Promise.resolve({ name: "ci" }),
      allow: (_, { name }) => name !== "secret",
    });
    const digest = `sha256:${"0".repeat(64)}`;
    for (const from of ["secret", "open"]) {
      await registry(
        new Request(`http://localhost/v2/app/blobs/uploads/?mount=${digest}&from=${from}`, {
          method: "POST",
          body: "bytes",
          headers: { authorization: "Bearer x" },
        }),
      );
    }
    assert.deepEqual(asked, ["", `?mount=${digest}&from=open`]);
  });
});
