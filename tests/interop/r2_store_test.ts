import { after } from "node:test";
import { r2, type R2BucketLike } from "../../src/objects/mod.ts";
import { recordsOf, storesIn } from "../object_store/support.ts";
import { testMetadata } from "../store/suite/metadata.ts";
import { testStore } from "../store/suite/mod.ts";

/** As much of miniflare as is used. */
interface Miniflare {
  getR2Bucket(name: string): Promise<R2BucketLike>;
  dispose(): Promise<void>;
}

const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);
const needed = { skip: isNode ? false : "miniflare runs in Node only" };
let worker: Miniflare | undefined;
let last = 0;
after(() => worker?.dispose());

async function open() {
  if (!worker) {
    const { Miniflare } = await import("miniflare");
    worker = new Miniflare({
      modules: true,
      r2Buckets: ["IMAGES"],
      compatibilityDate: "2026-07-01",
      script: "export default { fetch: () => new Response() };",
    } as never) as unknown as Miniflare;
  }
  return r2(await worker.getR2Bucket("IMAGES"));
}

testStore("a store on R2", storesIn(open), needed);

testMetadata("records on R2", async (work) => {
  const bucket = await open();
  const prefix = `records-${++last}`;
  const records = () => recordsOf(bucket, prefix, 2048);
  await using metadata = records();
  await work(metadata, records);
}, needed);
