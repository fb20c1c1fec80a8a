import type { Bytes } from "../bytes.ts";
import type { Engine } from "../engine_table.ts";

/** What a codec does. */
export type Work = "gunzip" | "unzstd" | "gzip" | "zstd";

/** What an engine is told. */
export interface Job {
  /** How hard to compress, in the format's own figures. */
  level?: number | undefined;
  /** How many threads compress, the caller's among them. */
  workers?: number | "auto" | undefined;
  /** gunzip: whether a thread of its own may do it. */
  thread?: boolean | undefined;
  /** gunzip: called before the first output where a thread hashes the output too, with the sha256 that it will have. */
  onHash?: ((sha256: Promise<Bytes>) => void) | undefined;
  /** Of a zstd frame: how much of its output the decoder has to keep, in bytes. Too large ones were refused before. */
  window?: number | undefined;
  /** Of a zstd frame: how many bytes come out, if its header says so. */
  size?: number | undefined;
}

/**
 * A row of the table of engines: something that does one kind of work.
 *
 * `run` produces output as it is asked for it, and takes no more input than it needs for that. `gunzip` gets the whole
 * stream and takes all its members; `unzstd` gets one frame, with the header alone as the first chunk. An error that it
 * throws means that the input is broken; errors of the input itself pass through.
 */
export interface CodecEngine extends Engine {
  /** What it does. */
  readonly work: Work;
  /** Of `unzstd`: the largest window that it has memory for, in bytes. Default: any. */
  readonly window?: number;
  /** Does the work. */
  run(input: AsyncIterable<Bytes>, job: Job): AsyncIterable<Bytes>;
}
