import { type Bytes, chunksOf, observed, type Observer, streamOfPieces } from "../bytes.ts";

/** Part of a file, which is a body whole. */
export interface FileSpan {
  readonly path: string;
  /** How long the whole file must be. */
  readonly size: number;
  readonly start: number;
  readonly end: number;
  /** Who watches the bytes go by, the first one first. */
  readonly observers: readonly Observer[];
}

/** The files that bodies are parts of. */
const files = new WeakMap<ReadableStream<Bytes>, FileSpan>();

/**
 * A body that is part of a file. Who serves it may send the file's bytes in place of those of the stream, which is not
 * opened before it is read.
 */
export function fileBody(
  file: Omit<FileSpan, "observers">,
  open: () => Promise<ReadableStream<Bytes>>,
): ReadableStream<Bytes> {
  const body = streamOfPieces(pieces(open));
  files.set(body, { ...file, observers: [] });
  return body;
}

/** The file that a body is part of, if it is. */
export function fileOf(body: ReadableStream<Bytes>): FileSpan | undefined {
  return files.get(body);
}

/** The same body, watched; part of a file it stays. */
export function watched(body: ReadableStream<Bytes>, observer: Observer): ReadableStream<Bytes> {
  const file = fileOf(body);
  const seen = observed(body, observer);
  if (file) files.set(seen, { ...file, observers: [...file.observers, observer] });
  return seen;
}

async function* pieces(open: () => Promise<ReadableStream<Bytes>>): AsyncGenerator<Bytes, void, void> {
  yield* chunksOf(await open());
}
