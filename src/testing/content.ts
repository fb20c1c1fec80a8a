/** Bytes to test with, as content and as streams that misbehave. */

import { type Bytes, streamOf } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import { digestBytes } from "../digest/mod.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";

/** Repeatable bytes that no two calls share, unless they share a seed. */
export function randomBytes(length: number, seed: number = nextSeed++): Bytes {
  const bytes = new Uint8Array(length);
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
let nextSeed = 1000;

/** Bytes as content that tells all about itself. */
export async function contentOf(
  bytes: Bytes,
  mediaType: string = mediaTypes.octetStream,
): Promise<Content & { digest: Digest; size: number }> {
  return {
    mediaType,
    digest: await digestBytes(bytes),
    size: bytes.byteLength,
    replayable: true,
    open: ({ start = 0 } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
  };
}

/** Bytes as content without a digest, and what else there is to tell of it. */
export function plainContent(bytes: Bytes, more: Partial<Content> = {}): Content {
  return {
    mediaType: mediaTypes.octetStream,
    size: bytes.byteLength,
    replayable: true,
    open: ({ start = 0 } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
    ...more,
  };
}

/** A stream of pieces of one size. */
export function pieces(bytes: Bytes, size: number): ReadableStream<Bytes> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(at, at += size));
    },
  });
}

/** A stream that fails after so many bytes, and ends well if there are fewer. */
export function breaking(bytes: Bytes, at: number): ReadableStream<Bytes> {
  let given = 0;
  return new ReadableStream({
    async pull(controller) {
      // The consumer gets time to take what it has been given: a failing stream drops what is queued.
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (given >= at) return controller.error(new Error("the cable was cut"));
      if (given >= bytes.byteLength) return controller.close();
      const next = Math.min(given + 50_000, at, bytes.byteLength);
      controller.enqueue(bytes.slice(given, next));
      given = next;
    },
  }, { highWaterMark: 0 });
}

/** A stream that gives so many bytes and then nothing, not even an end. */
export function stalling(bytes: Bytes, at: number): ReadableStream<Bytes> {
  let given = false;
  return new ReadableStream({
    pull(controller) {
      if (given) return new Promise(() => {});
      given = true;
      controller.enqueue(bytes.slice(0, at));
    },
  });
}
