import { coreAvailable, loadCore } from "../../wasm/core.ts";
import type { CodecEngine } from "./engine.ts";
import { wasmGunzip } from "./wasm_gunzip.ts";
import { wasmGzip } from "./wasm_gzip.ts";

/**
 * The rows of the WASM core. Those that are in the table compile it when they first work; where that is forbidden, as in
 * Cloudflare Workers, add them with a module that was compiled before, from what {@link coreBytes} gives.
 *
 * @example
 * ```ts
 * import { addCodecEngine, coreBytes, gzip, wasmEngines } from "@gantry/oci/codec";
 *
 * const module = new WebAssembly.Module(await coreBytes());
 * for (const engine of wasmEngines(module)) addCodecEngine(engine);
 * gzip({ level: 1 });
 * ```
 */
export function wasmEngines(module?: WebAssembly.Module): readonly CodecEngine[] {
  return [wasmGzip, wasmGunzip].map((row) => ({
    name: "wasm",
    available: () => coreAvailable(module),
    ...row(() => loadCore(module)),
  }));
}
