import { type Bytes, streamOfPieces } from "../bytes.ts";
import type { Platform } from "../spec/platform.ts";
import { writeTar } from "../tar/write.ts";
import { addManifests } from "./edits/add_manifest.ts";
import { emptyImage } from "./empty_image.ts";
import { emptyIndex } from "./empty_index.ts";
import type { Image } from "./image.ts";
import type { Index } from "./index.ts";
import type { Layer } from "./layer.ts";
import { layer, type LayerOptions } from "./made_layer.ts";

/** What a random image is made of. */
export interface RandomImageOptions {
  /** Chooses the bytes: the same seed gives the same image, everywhere. */
  seed: number;
  /** How many layers. Default: 1. */
  layers?: number | undefined;
  /** How many bytes the file in each layer has. Default: 1024. */
  size?: number | undefined;
  /** Default: linux/amd64. */
  platform?: Platform | undefined;
  /** How layers are compressed, which is of no use to random bytes. Default: `"none"`. */
  compression?: LayerOptions["compression"];
}

/**
 * An image of random files, one in each layer, to test and measure with. Nothing is kept in memory.
 *
 * @example
 * ```ts
 * import { randomImage } from "@gantry/oci/image";
 *
 * const [one, again] = [randomImage({ seed: 1, layers: 3 }), randomImage({ seed: 1, layers: 3 })];
 * console.log(await one.digest() === await again.digest()); // true
 * ```
 */
export function randomImage(options: RandomImageOptions): Image {
  const { seed, layers = 1, size = 1024, platform, compression } = options;
  let image = emptyImage(platform);
  for (let i = 0; i < layers; i++) {
    image = image.append(randomLayer({ seed: seed * 1009 + i, size, compression }), {
      history: { created_by: `random layer ${i} of seed ${seed}` },
    });
  }
  return image;
}

/**
 * An index of random images, for as many processors that there may never be.
 *
 * @example
 * ```ts
 * import { randomIndex } from "@gantry/oci/image";
 *
 * console.log((await randomIndex({ seed: 1, images: 2 }).children()).length); // 2
 * ```
 */
export function randomIndex(options: Omit<RandomImageOptions, "platform"> & { images?: number }): Index {
  const { images = 1, seed, ...rest } = options;
  const entries = Array.from({ length: images }, (_, i) => {
    const platform = { os: "linux", architecture: `random${i}` };
    return { part: randomImage({ ...rest, seed: seed * 9176 + i, platform }), platform };
  });
  return emptyIndex().edit(addManifests(entries));
}

/**
 * A layer with one file of random bytes.
 *
 * @example
 * ```ts
 * import { randomLayer } from "@gantry/oci/image";
 *
 * for await (const { size } of randomLayer({ seed: 1, size: 10_000 }).entries()) console.log(size); // 10000
 * ```
 */
export function randomLayer(
  { seed, size = 1024, compression = "none" }: Pick<RandomImageOptions, "seed" | "size" | "compression">,
): Layer {
  const path = `random_file_${seed}.bin`;
  const readable = () => streamOfPieces(randomPieces(seed, size));
  return layer(() => writeTar([{ type: "file", path, size, readable: readable() }]), { compression });
}

/** Xorshift: fast, the same everywhere, and gzip finds nothing in it. */
function* numbers(seed: number): Generator<number, never, void> {
  let state = (Math.imul(seed + 1, 2654435761) >>> 0) || 1;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

async function* randomPieces(seed: number, size: number): AsyncGenerator<Bytes, void, void> {
  const random = numbers(seed);
  for (let left = size; left > 0;) {
    const piece = new Uint8Array(Math.min(left, 64 * 1024));
    const words = new DataView(new ArrayBuffer(piece.byteLength + 4));
    for (let at = 0; at < piece.byteLength; at += 4) words.setUint32(at, random.next().value, true);
    piece.set(new Uint8Array(words.buffer, 0, piece.byteLength));
    left -= piece.byteLength;
    yield piece;
  }
}
