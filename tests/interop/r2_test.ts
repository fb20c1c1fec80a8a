import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, stop } from "esbuild";
import { copy } from "../../src/copy/mod.ts";
import { memory } from "../../src/content/memory.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { objects, r2, type R2BucketLike } from "../../src/objects/mod.ts";
import { registry } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { assertConforms, needsConformance } from "./conformance.ts";
import { testBucket } from "../objects/bucket_suite.ts";
import { checkServerless } from "../objects/serverless_bucket.ts";

/** As much of miniflare as is used. */
interface Miniflare {
  ready: Promise<URL>;
  getR2Bucket(name: string): Promise<R2BucketLike>;
  dispose(): Promise<void>;
}

const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);
const needed = { skip: isNode ? false : "miniflare runs in Node only" };
const compatibilityDate = "2026-07-01";

async function start(settings: Record<string, unknown>): Promise<Miniflare> {
  const { Miniflare } = await import("miniflare");
  return new Miniflare({
    modules: true,
    r2Buckets: ["IMAGES"],
    compatibilityDate,
    ...settings,
  } as never) as unknown as Miniflare;
}

async function open() {
  const worker = await start({ script: "export default { fetch: () => new Response() };" });
  return { bucket: r2(await worker.getR2Bucket("IMAGES")), close: () => worker.dispose() };
}

testBucket("R2", open, needed);

describe("objects on R2", needed, () => {
  testTarget("objects on R2", async () => {
    const { bucket, close } = await open();
    const again = () => objects({ bucket, prefix: "registry" })("contract/target");
    return { target: again(), again, close };
  });
});

describe("a bucket of Cloudflare's serverless-registry on R2", needed, () => {
  it("is read where it is, and taken over once", async () => {
    const { bucket, close } = await open();
    try {
      await checkServerless(bucket);
    } finally {
      await close();
    }
  });
});

describe("the example of a registry in a Worker", needed, () => {
  it("is pushed to with the password, pulled from without, and pulls through", async (t) => {
    const script = await bundle();
    t.diagnostic(`${script.length} bytes, ${gzipSync(script, { level: 9 }).byteLength} with gzip`);
    const hub = memory();
    const base = emptyImage().append(layer(randomBytes(300_000), { compression: "none" }));
    await copy(base, hub, { name: "v1" });
    const upstream = await listen(server({ repositories: () => hub }));
    const worker = await start({
      script,
      bindings: { PASSWORD: "secret", UPSTREAM: `127.0.0.1:${upstream.port}` },
    });
    try {
      const { host } = await worker.ready;
      const image = emptyImage().append(layer(randomBytes(9_000_000), { compression: "none" }));
      await assert.rejects(copy(image, registry(`${host}/acme/app`), { name: "v1" }), /401|unauthorized/i);
      const credentials = () => Promise.resolve({ username: "gantry", password: "secret" });
      await copy(image, registry(`${host}/acme/app`, { credentials }), { name: "v1" });
      await copy(await openImage(registry(`${host}/acme/app`), "v1"), memory(), { name: "v1" });
      for (let pull = 0; pull < 2; pull++) {
        const found = await openImage(registry(`${host}/hub/library/base`), "v1");
        assert.equal(await found.digest(), await base.digest());
        await copy(found, memory(), { name: "v1" });
      }
      const kept = objects({ bucket: r2(await worker.getR2Bucket("IMAGES")) });
      const [manifest] = (await base.manifest()).layers;
      await kept("hub/library/base").resolve(manifest!.digest, { role: "blob" });
      assert.deepEqual(await Array.fromAsync(kept.repositories()), ["acme/app", "hub/library/base"]);
    } finally {
      await worker.dispose();
      await upstream.close();
    }
  });
});

describe("the distribution specification in a Worker", { skip: needed.skip || needsConformance }, () => {
  it("is conformed to by the example", async (t) => {
    const worker = await start({ script: await bundle(), bindings: { PASSWORD: "secret" } });
    try {
      const { host } = await worker.ready;
      t.diagnostic(await assertConforms(host, { OCI_USERNAME: "gantry", OCI_PASSWORD: "secret" }));
    } finally {
      await worker.dispose();
    }
  });
});

/** The example as one file. */
async function bundle(): Promise<string> {
  try {
    const { outputFiles } = await build({
      absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
      entryPoints: ["examples/worker-registry.ts"],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false,
      logLevel: "silent",
    });
    return outputFiles[0]!.text;
  } finally {
    await stop();
  }
}
