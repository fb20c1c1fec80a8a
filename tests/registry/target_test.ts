import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../../src/server/node.ts";
import { memory } from "../../src/content/mod.ts";
import { layouts } from "../../src/layout/mod.ts";
import { registry, type Transport } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
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
