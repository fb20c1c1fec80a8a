import { type Bytes, chunksOf } from "../bytes.ts";
import type { Content, Options } from "../content/contracts.ts";
import { CutStream } from "../content/pieces.ts";

/** The size of the first piece, when the link is not known, and the least and most of those that follow. */
const [first, least, most] = [16 << 20, 8 << 20, 512 << 20];
/** How many milliseconds a piece is to take: what is lost when it breaks off. */
const duration = 10_000;

/** A piece of content, which can be read again too. */
export type Piece = Content & { size: number };

/** How to read content in pieces. */
export interface StreamedOptions extends Options {
  /** Where to begin. */
  start: number;
  /** How many bytes the registry takes, where so many are wanted. */
  sizeOf(wanted: number): number;
  /** Sees the bytes as they are read. Of a piece that is read again, it sees them again, after `again`. */
  seen(chunk: Bytes): void | Promise<void>;
  again(): void;
  now(): number;
}

/**
 * Content that can be read again, in pieces that are read while they are sent, each in about ten seconds as far as the one
 * before tells. Each must be sent before the next one is asked for.
 */
export async function* streamedPieces(
  content: Piece,
  options: StreamedOptions,
): AsyncGenerator<Piece, void, void> {
  const { sizeOf, again, now, signal } = options;
  let stream: CutStream | undefined;
  let wanted = first;
  try {
    for (let at = options.start; at < content.size;) {
      const [start, left] = [at, content.size - at];
      // No small piece remains for the end.
      const size = Math.min(sizeOf(left <= 2 * wanted ? left : wanted), left);
      let opened = false;
      const open = async () => {
        if (opened) {
          again();
          await stream?.cancel();
        }
        if (opened || !stream) {
          stream = new CutStream(chunksFrom(await content.open({ start, unverified: true, signal })));
        }
        opened = true;
        return stream.next(size);
      };
      const began = now();
      yield { ...content, size, open };
      at += size;
      wanted = Math.min(Math.max(size / Math.max(now() - began, 1) * duration, least), most);
    }
  } finally {
    await stream?.cancel();
  }

  async function* chunksFrom(bytes: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, void> {
    for await (const chunk of chunksOf(bytes, signal)) {
      await options.seen(chunk);
      yield chunk;
    }
  }
}
