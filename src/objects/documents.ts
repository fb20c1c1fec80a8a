import { type Bytes, readAll, utf8 } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { type JsonObject, parseJson } from "../spec/json.ts";
import type { Bucket, ObjectFacts } from "./bucket.ts";

/** A small object, whole. */
export interface SmallObject {
  facts: ObjectFacts;
  bytes: Bytes;
}

/** Reads a small object; nothing where it is not there. */
export async function readSmall(
  bucket: Bucket,
  key: string,
  { limit, signal }: Options & { limit: number },
): Promise<SmallObject | undefined> {
  const found = await bucket.get(key, { signal });
  if (!found) return undefined;
  const { body, ...facts } = found;
  return { facts, bytes: await readAll(body, { limit, what: `${key} in ${bucket.name}`, signal }) };
}

/** What a key's object says, in JSON. */
export interface JsonFile {
  facts: ObjectFacts;
  value: JsonObject;
}

/** Reads a small object of JSON; nothing where it is not there. */
export async function readJson(
  bucket: Bucket,
  key: string,
  { limit = 64 * 1024, signal }: Options & { limit?: number } = {},
): Promise<JsonFile | undefined> {
  const found = await readSmall(bucket, key, { limit, signal });
  return found && jsonOf(found, bucket);
}

/** What an object that was read says, in JSON. */
export function jsonOf({ facts, bytes }: SmallObject, bucket: Bucket): JsonFile {
  const what = `${facts.key} in ${bucket.name}`;
  const value = parseJson(bytes, what);
  if (typeof value === "object" && value !== null) return { facts, value: value as JsonObject };
  throw new GantryError("invalid-document", `read ${what}: not an object of JSON`);
}

/** A value as an object's bytes. */
export function jsonBytes(value: unknown): Bytes {
  return utf8(JSON.stringify(value));
}

/** Milliseconds since an object was put, when the bucket was asked. */
export function ageOf({ modified, now }: Pick<ObjectFacts, "modified" | "now">): number {
  return now.getTime() - modified.getTime();
}

/**
 * Reads, decides and puts until nobody was faster: `change` is called again with what is there by then. It returns what
 * to put, or nothing to leave it.
 */
export async function compareAndSet<T>(change: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await change();
    } catch (error) {
      if (!GantryError.is(error, "conflict") || tries === mostTries) throw error;
    }
    // All who try again do so at different times, so that one of them gets on.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(10 * 2 ** tries, 1000)));
  }
}

/** Lets an error pass that is none: another was faster. */
export function unlessConflict(error: unknown): undefined {
  if (!GantryError.is(error, "conflict")) throw error;
}

/** Of those that try at the same time, one succeeds each time. */
const mostTries = 30;
