import { addDefaultCodecEngine } from "./engines.ts";
import { wasmEngines } from "./wasm_engines.ts";

/**
 * Adds the WASM core to what the runtime itself has. Nothing is compiled before the first use. The door `codec/mod.ts`
 * calls it when it is imported, and `package.json` lists that file under `sideEffects`, so that no bundler drops the
 * call. `edge.ts`, which imports single files of this room, goes without.
 */
export function registerCodecEngines(): void {
  // The core is faster than the zlib of the runtimes: bench/results.md.
  for (const engine of wasmEngines()) addDefaultCodecEngine(engine, "node:zlib");
}
