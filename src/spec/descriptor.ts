/**
 * Descriptors: names of bytes.
 *
 * @module
 */

import {
  aMediaType,
  aString,
  checkDigest,
  checkFields,
  dropNulls,
  type Fields,
  invalid,
  isSize,
  stringMap,
  strings,
} from "./check.ts";
import type { Digest } from "./digest.ts";
import { checkPlatform, type Platform } from "./platform.ts";

/** Notes on a descriptor, manifest or index. */
export type Annotations = Record<string, string>;

/** Says what some bytes are, what they hash to and how many there are. */
export interface Descriptor {
  /** What the bytes are. */
  mediaType: string;
  /** What they hash to. */
  digest: Digest;
  /** How many there are. */
  size: number;
  /** Places outside the registry from which they may be had. */
  urls?: string[];
  /** Notes for people and programs. */
  annotations?: Annotations;
  /** The bytes themselves in base64, when they are few. */
  data?: string;
  /** In an index: what the image needs to run. */
  platform?: Platform;
  /** In an index or a referrers list: what the manifest is, when it is not an image. */
  artifactType?: string;
}

const fields: Fields = {
  mediaType: aMediaType,
  digest: aString,
  size: [isSize, "a whole number from 0 to 2^53 - 1"],
  urls: strings,
  annotations: stringMap,
  data: aString,
  artifactType: aMediaType,
};

/**
 * Checks a descriptor in parsed JSON and gives back the same object: unknown fields stay, known optional ones that are
 * `null` are taken out.
 *
 * @param what Names the descriptor in errors.
 * @throws {GantryError} `invalid-document`; `invalid-digest`, and `unsupported` for a digest of an algorithm that
 * Gantry cannot compute.
 */
export function parseDescriptor(value: unknown, what: string): Descriptor {
  checkFields(value, fields, ["mediaType", "digest", "size"], what);
  dropNulls(value, ["urls", "annotations", "data", "platform", "artifactType"]);
  checkDigest(value["digest"], what);
  if (value["platform"] !== undefined) checkPlatform(value["platform"], `the platform of ${what}`);
  const descriptor = value as unknown as Descriptor;
  if (descriptor.data !== undefined && decodedLength(descriptor.data) !== descriptor.size) {
    throw invalid(what, `"data" is not ${descriptor.size} bytes in base64`);
  }
  return descriptor;
}

/** How many bytes a base64 text stands for, NaN if it is none. */
function decodedLength(base64: string): number {
  if (base64.length % 4 !== 0 || !/^[a-zA-Z0-9+/]*={0,2}$/.test(base64)) return NaN;
  return base64.length / 4 * 3 - (base64.length - base64.replace(/=+$/, "").length);
}
