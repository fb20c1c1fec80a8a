import { coreAvailable, loadCore } from "../../wasm/core.ts";
import type { CodecEngine } from "./engine.ts";
import { wasmGunzip } from "./wasm_gunzip.ts";
import { wasmGzip } from "./wasm_gzip.ts";

/**
 * The engines of the WASM core. The default ones compile it when they are first used; where that is forbidden, as in
 * Cloudflare Workers, add engines with a module that was compiled at build time, from the bytes of {@link coreBytes}.
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
