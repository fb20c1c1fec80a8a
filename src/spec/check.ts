// Checks of parsed JSON. `null` stands for a field that is not there: Go writes it for empty lists and maps.

import { GantryError } from "../errors.ts";
import { type Digest, parseDigest } from "./digest.ts";
import type { JsonObject } from "./json.ts";

/** Whether a value is of some kind. */
export type Check = (value: unknown) => boolean;

/** What may be in an object: for each field a check and what it must be, for the message. */
export type Fields = Record<string, readonly [check: Check, kind: string]>;

/** RFC 6838. */
const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i;

const isString: Check = (value) => typeof value === "string";
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isMediaType: Check = (value) => typeof value === "string" && mediaType.test(value);
export const isSize: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const mapOf = (check: Check): Check => (value) => isObject(value) && Object.values(value).every(check);

export const aString = [isString, "a string"] as const;
export const strings = [listOf(isString), "a list of strings"] as const;
export const stringMap = [mapOf(isString), "a map of strings"] as const;
export const aMediaType = [isMediaType, "a media type"] as const;

/** Checks the fields that are there, unknown ones pass; and that the required ones are there. */
export function checkFields(
  value: unknown,
  fields: Fields,
  required: readonly string[],
  what: string,
): asserts value is JsonObject {
  if (!isObject(value)) throw invalid(what, "not an object");
  for (const [name, [check, kind]] of Object.entries(fields)) {
    if (has(value, name) && !check(value[name])) throw invalid(what, `"${name}" is not ${kind}`);
  }
  const missing = required.find((name) => !has(value, name));
  if (missing !== undefined) throw invalid(what, `no "${missing}"`);
}

/** Whether a field is there. */
export function has(object: JsonObject, name: string): boolean {
  return Object.hasOwn(object, name) && object[name] !== null;
}

/** Takes optional fields out that are `null`, so that the types are right. */
export function dropNulls(object: JsonObject, names: readonly string[]): void {
  for (const name of names) if (object[name] === null) delete object[name];
}

/** The error of a document that is not what it must be. */
export function invalid(what: string, problem: string): GantryError {
  return new GantryError("invalid-document", `parse ${what}: ${problem}`);
}

/** Checks a digest in a document; the error names the document. */
export function checkDigest(value: unknown, what: string): asserts value is Digest {
  try {
    parseDigest(String(value));
  } catch (cause) {
    if (!GantryError.is(cause)) throw cause;
    throw new GantryError(cause.code, `parse ${what}: ${cause.message}`, { cause });
  }
}
