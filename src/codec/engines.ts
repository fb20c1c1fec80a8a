import { EngineTable } from "../engine_table.ts";
import type { CodecEngine, Work } from "./engine.ts";
import { nodeZlib } from "./node_zlib.ts";
import { webStreams } from "./web_streams.ts";

// What the runtime itself has. `registerCodecEngines` adds the WASM core, where it is wanted.
const table = new EngineTable<CodecEngine, Work>([...nodeZlib, ...webStreams], {
  does: (engine, work) => engine.work === work,
  howToGet,
});

/**
 * Adds an engine after the others, or before the one with the name `before` that does the same work. An engine that has
 * the same name and does the same work is replaced, where it is.
 *
 * @example
 * ```ts
 * import { addCodecEngine, zstd } from "@gantry/oci/codec";
 *
 * addCodecEngine({ name: "stored", work: "zstd", available: () => true, run: (input) => input });
 * zstd({ engine: "stored" });
 * ```
 */
export function addCodecEngine(engine: CodecEngine, before?: string): void {
  table.add(engine, before);
}

/** As `addCodecEngine`, but leaves alone what a caller has put under that name. */
export function addDefaultCodecEngine(engine: CodecEngine, before?: string): void {
  table.addDefault(engine, before);
}

/** The engines that this runtime has, in the order in which they are tried. */
export function codecEngines(): readonly CodecEngine[] {
  return table.available();
}

/** The engine that does a work for callers who name none. */
export function defaultCodecEngine(work: Work): CodecEngine | undefined {
  return table.find(work);
}

/**
 * The engine for a work: the one of this name, or else the default.
 *
 * @throws {GantryError} `no-engine` if there is none.
 */
export function codecEngine(work: Work, name: string | undefined): CodecEngine {
  return table.get(work, name, work);
}

function howToGet(work: Work, others: string): string {
  if (others) {
    return `the engine whose output is the same on every runtime is not loaded; import "@gantry/oci/codec", ` +
      `or where that does not matter ask for ${others}`;
  }
  const how = work === "gunzip" || work === "gzip"
    ? `import "@gantry/oci/codec", or add one`
    : `add those of "@gantry/oci/zstd-codec"`;
  return `no engine for it is loaded; ${how} with addCodecEngine`;
}
