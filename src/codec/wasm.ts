import { type Core, loadCore } from "../../wasm/core.ts";
import { GantryError } from "../errors.ts";
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
  const load = (): Promise<Core> =>
    loadCore(module).catch((cause) => {
      const reason = "this runtime compiles no WebAssembly; add the engines of wasmEngines with a module";
      throw new GantryError("no-engine", `load the WASM core: ${reason}`, { cause });
    });
  return [wasmGzip(load), wasmGunzip(load)];
}
