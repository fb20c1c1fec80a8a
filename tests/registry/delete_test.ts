import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { fake, type Reply } from "./fake.ts";
import { rejects } from "../../src/testing/errors.ts";

const type = "application/vnd.oci.image.index.v1+json";
const text = `{"schemaVersion":2,"mediaType":"${type}",\n"manifests":[]}`;
const digest = await digestBytes(utf8(text));
const full: Reply = { headers: { "content-type": type, "docker-content-digest": digest }, body: text };

describe("deleting", () => {
  const manifest = `/v2/app/manifests/${digest}`;

  it("asks for leave to delete, and where that gets nothing for all leave", async () => {
    const scopes: (string | null)[] = [];
    const { app } = fake(
      new Proxy({ [`GET ${manifest}`]: full }, {
        get: (script, key: string) => {
          if (key in script) return script[key as keyof typeof script];
          if (key.startsWith("GET /token")) {
            return ({ url }: { url: string }) => {
              const scope = new URL(url).searchParams.get("scope");
              scopes.push(scope);
              return { body: JSON.stringify({ token: scope!.endsWith("*") ? "all" : "none" }) };
            };
          }
          return ({ headers }: { headers: Headers }) => {
            if (headers.get("authorization") === "Bearer all") return { status: 202 };
            return { status: 401, headers: { "www-authenticate": 'Bearer realm="/token"' } };
          };
        },
      }),
    );
    await app.delete({ digest, mediaType: type });
    assert.deepEqual(scopes, ["repository:app:delete,pull", "repository:app:*"]);
  });

  it("that a registry does not do is unsupported", async () => {
    const body = '{"errors":[{"code":"UNSUPPORTED"}]}';
    const { app } = fake({
      [`GET ${manifest}`]: full,
      [`DELETE ${manifest}`]: { status: 405 },
      "DELETE /v2/app/manifests/v1": [{ status: 400 }, { status: 405 }, { status: 400, body }, {
        status: 404,
      }, { status: 202 }],
      [`DELETE /v2/app/blobs/${digest}`]: { status: 405 },
    });
    await rejects(app.delete({ digest }), "unsupported");
    await rejects(app.delete({ digest }, { role: "blob" }), "unsupported");
    for (let i = 0; i < 3; i++) await rejects(app.untag("v1"), "unsupported");
    await rejects(app.untag("v1"), "not-found");
    await app.untag("v1");
    await rejects(app.untag(digest), "invalid-name");
  });
});
