import { addDefaultHashEngine } from "./engines.ts";
import { laneEngine } from "./lane_engine.ts";

/**
 * Adds the lanes of the WASM core to what the runtime itself has. Nothing is compiled before the first use. The door
 * `digest/mod.ts` calls it when it is imported, and `package.json` lists that file under `sideEffects`, so that no bundler
 * drops the call. `edge.ts`, which imports single files of this room, goes without.
 */
export function registerHashEngines(): void {
  addDefaultHashEngine(laneEngine);
}
