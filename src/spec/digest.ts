/**
 * Digest strings.
 *
 * @module
 */

import { GantryError } from "../errors.ts";

/** A hash algorithm that Gantry can compute. */
export type Algorithm = "sha256" | "sha384" | "sha512";

/** The name of some bytes: an algorithm, a colon and the hash of the bytes in lower-case hexadecimal. */
export type Digest = `${Algorithm}:${string}`;

const hexLength: Record<Algorithm, number> = { sha256: 64, sha384: 96, sha512: 128 };
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
const grammar = /^([a-z0-9]+(?:[.+_-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)$/;

/** The algorithms that {@link parseDigest} accepts. */
export const algorithms: readonly Algorithm[] = ["sha256", "sha384", "sha512"];

/**
 * Checks a digest string. An algorithm that Gantry cannot compute is refused: bytes that cannot be verified are not
 * to be read, and the string is not to become part of a path or URL.
 *
 * @throws {GantryError} `invalid-digest` for a string outside the grammar, `unsupported` for an unknown algorithm.
 *
 * @example
 * ```ts
 * import { parseDigest } from "@gantry/oci/spec";
 *
 * parseDigest("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
 * ```
 */
export function parseDigest(input: string): Digest {
  const match = grammar.exec(input);
  if (!match) throw new GantryError("invalid-digest", `parse digest ${quote(input)}: not ALGORITHM:HEX`);
  const [, algorithm, hex] = match as unknown as [string, string, string];
  if (!isAlgorithm(algorithm)) {
    throw new GantryError("unsupported", `parse digest ${quote(input)}: unknown algorithm "${algorithm}"`);
  }
  if (hex.length !== hexLength[algorithm] || !/^[0-9a-f]+$/.test(hex)) {
    throw new GantryError(
      "invalid-digest",
      `parse digest ${quote(input)}: ${algorithm} takes ${
        hexLength[algorithm]
      } lower-case hexadecimal digits`,
    );
  }
  return input as Digest;
}

/** Whether {@link parseDigest} takes this. */
export function isDigest(input: string): input is Digest {
  const [algorithm, hex, rest] = input.split(":");
  return rest === undefined && hex !== undefined && isAlgorithm(algorithm) &&
    hex.length === hexLength[algorithm] && /^[0-9a-f]+$/.test(hex);
}

/** The algorithm of a digest. */
export function algorithmOf(digest: Digest): Algorithm {
  return digest.slice(0, digest.indexOf(":")) as Algorithm;
}

/** The hexadecimal part of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

function isAlgorithm(name: string | undefined): name is Algorithm {
  return algorithms.includes(name as Algorithm);
}

function quote(input: string): string {
  return JSON.stringify(input.length > 160 ? `${input.slice(0, 160)}…` : input);
}
