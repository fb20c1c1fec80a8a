import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { listen } from "../../src/server/node.ts";
import { memory } from "../../src/content/mod.ts";
import { layouts } from "../../src/layout/mod.ts";
import { registry, type Transport } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { fake } from "./fake.ts";
import { memorySessions } from "../../src/registry/upload_sessions.ts";

testTarget("our own registry, without a network", () => {
  const store = memory();
  const answer = server({ repositories: () => store });
  const transport: Transport = async ({ url, method, headers, body, signal }) => {
    const sent = body && !(body instanceof Uint8Array) ? await body.open({ signal }) : body ?? null;
    return await answer(new Request(url, { method, headers, body: sent, duplex: "half" } as RequestInit));
  };
  const sessions = memorySessions();
  const again = () => registry("registry.test/contract/target", { transport, sessions });
  return Promise.resolve({ target: again(), again, close: () => Promise.resolve() });
});

testTarget("our own registry over memory", async () => {
  const store = memory();
  const { url, close } = await listen(server({ repositories: () => store }));
  const sessions = memorySessions();
  const again = () => registry(`${new URL(url).host}/contract/target`, { sessions });
  return { target: again(), again, close };
});

testTarget("our own registry over layouts", async () => {
  const directory = await mkdtemp(join(tmpdir(), "gantry-contract-"));
  const listening = await listen(server({ repositories: layouts(directory) }));
  const sessions = memorySessions();
  const again = () => registry(`${new URL(listening.url).host}/contract/target`, { sessions });
  const close = async () => {
    await listening.close();
    await rm(directory, { recursive: true });
  };
  return { target: again(), again, close };
}, { deleteBlob: "the repositories of one directory share their blobs" });

describe("a manifest that is to be written", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const script = {
    "HEAD /v2/app/manifests/v1": { status: 404 },
    "GET /v2/app/tags/list?n=1": { status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' },
    [`HEAD /v2/app/manifests/${digest}`]: {
      headers: { "content-type": "application/vnd.oci.image.index.v1+json", "content-length": "9" },
    },
  };

  it("is not looked for in a repository that is not there, unless it is to be read", async () => {
    const { app, calls } = fake(script);
    await rejects(app.resolve("v1", { beforeWrite: true }), "not-found");
    await rejects(app.resolve(digest, { beforeWrite: true }), "not-found", /no such repository/);
    assert.equal((await app.resolve(digest)).descriptor.digest, digest);
    assert.deepEqual(calls(), Object.keys(script));
  });
});
