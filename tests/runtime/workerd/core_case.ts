/** What the core does in a runtime that compiles nothing: it gets a module that was compiled when the worker was built. */

import { addCodecEngine, codecEngines, gunzip, gzip, wasmEngines } from "../../../src/codec/mod.ts";
import { digestBytes } from "../../../src/digest/mod.ts";
import { equal, fails, large, noise, type Setting } from "../cases.ts";

/** The name of the case. */
export const withCore = "compresses with the core, once it has a module";

/** The case. */
export async function coreCase(_: Setting): Promise<void> {
  equal(codecEngines().some(({ name }) => name === "wasm"), false);
  await fails(Promise.resolve().then(() => gzip()), "no-engine");
  // Workers import what is beside them under its name; what bundles this must not look for it.
  const beside = "core.wasm";
  const { default: module }: { default: WebAssembly.Module } = await import(beside);
  for (const engine of wasmEngines(module)) addCodecEngine(engine, "node:zlib");
  equal(codecEngines().find(({ work }) => work === "gunzip")?.name, "wasm");
  const content = await new Response(noise(large)()).bytes();
  const back = noise(large)().pipeThrough(gzip({ workers: 2 })).pipeThrough(gunzip());
  equal(await digestBytes(await new Response(back).bytes()), await digestBytes(content));
}
