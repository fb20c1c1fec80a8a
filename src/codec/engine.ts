import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { nodeZlib } from "./node_zlib.ts";
import { webStreams } from "./web_streams.ts";

/** What a codec does. */
export type Work = "gunzip" | "unzstd" | "gzip" | "zstd";

/** What an engine is told. */
export interface Job {
  /** How hard to compress, in the format's own figures. */
  level?: number | undefined;
  /** How many threads compress, the caller's among them. */
  workers?: number | "auto" | undefined;
  /** Of a zstd frame: how much of its output the decoder keeps. One that is too large was refused before. */
  window?: number | undefined;
  /** Of a zstd frame: how many bytes come out, if its header tells. */
  size?: number | undefined;
}

/**
 * A row of the table of engines: something that does one kind of work.
 *
 * `run` gives output as it is asked for it, and takes no more input than it needs for that. `gunzip` gets the whole
 * stream and takes all its members; `unzstd` gets one frame, its header as the first chunk. What it throws tells that
 * the input is broken; whatever the input throws it lets through.
 */
export interface CodecEngine {
  /** What callers force it by. */
  readonly name: string;
  /** What it does. */
  readonly work: Work;
  /** Never chosen, only forced: its bytes differ from one runtime to the other where they must not. */
  readonly onlyByName?: boolean;
  /** Of `unzstd`: the largest window that it has memory for, in bytes; any window unless told. */
  readonly window?: number;
  /** Whether this runtime has it. */
  available(): boolean;
  /** Does it. */
  run(input: AsyncIterable<Bytes>, job: Job): AsyncIterable<Bytes>;
}

// The built-in rows cost nothing to import. For each work the first that is available is taken.
const engines: CodecEngine[] = [...nodeZlib, ...webStreams];

/**
 * Adds an engine after those that are there, or before the one of this name that does the same work; one of the same name
 * and work is replaced in its place.
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
  const find = (wanted: string | undefined) =>
    engines.findIndex(({ name, work }) => name === wanted && work === engine.work);
  const at = find(engine.name), next = find(before);
  if (at >= 0) engines[at] = engine;
  else engines.splice(next >= 0 ? next : engines.length, 0, engine);
}

/** The engines that this runtime has, in the order in which they are tried. */
export function codecEngines(): readonly CodecEngine[] {
  return engines.filter((engine) => engine.available());
}

/** The engine to take. */
export function codecEngine(work: Work, name: string | undefined): CodecEngine {
  const wanted = ({ name: own, onlyByName }: CodecEngine) => name === undefined ? !onlyByName : own === name;
  const found = engines.find((engine) => engine.work === work && wanted(engine) && engine.available());
  if (found) return found;
  const others = codecEngines().filter((engine) => engine.work === work).map((engine) => `"${engine.name}"`);
  throw new GantryError("no-engine", `${work}: ${whyNot(work, others, name)}`);
}

function whyNot(work: Work, names: string[], name: string | undefined): string {
  const list = names.join(" or ");
  if (name !== undefined) return `engine "${name}" is not here` + (list && `, only ${list}`);
  if (!list) {
    const how = work === "gunzip" || work === "gzip"
      ? `import "@gantry/oci/codec", or add one`
      : `add those of "@gantry/oci/zstd-codec"`;
    return `no engine for it is loaded; ${how} with addCodecEngine`;
  }
  return `the engine whose output is the same on every runtime is not loaded; import "@gantry/oci/codec", ` +
    `or where that does not matter ask for ${list}`;
}
