import { type Bytes, concat, utf8 } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import type { Sha256State } from "../digest/resumable_sha256.ts";
import { GantryError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import type { UploadedPart } from "./bucket.ts";
import { readSmall } from "./documents.ts";
import type { Store } from "./store.ts";

/**
 * An upload as it is kept between two requests, which may reach different processes. One is there before any bytes are,
 * and until they are a blob: garbage collection finds by it what a killed process has left.
 */
export interface Session {
  /** The name of the object that the bytes are to be. */
  readonly data: string;
  /** The bucket's name for the upload in parts, once there is one. */
  readonly multipart?: string | undefined;
  /** The parts that are there; all have the same size. */
  readonly parts: readonly UploadedPart[];
  /** How many bytes each has. */
  readonly partSize: number;
  /** How many bytes there are in all, once no more are to come; then the last part may be shorter. */
  readonly size?: number | undefined;
  /** How far the bytes are hashed; there if the upload can be continued. */
  readonly sha256?: Sha256State | undefined;
  /** Whether garbage collection is removing it. */
  readonly givenUp?: boolean | undefined;
}

/** A session as it was read. */
export interface FoundSession {
  readonly session: Session;
  /** The bytes that do not fill a part. */
  readonly tail: Bytes;
  /** How many there are in all. */
  readonly offset: number;
  /** The entity tag of the session's object. */
  readonly etag: string;
  /** When it was kept, by the clock of the bucket, and when it was read by that clock. */
  readonly modified: Date;
  readonly now: Date;
}

/** What ends the JSON, which has none in it, and begins the tail. */
const lineFeed = 10;
/** Bytes of the JSON: ten thousand parts. */
const headerLimit = 2 * 1024 * 1024;

/** Reads a session; nothing where it is not there, or given up. */
export async function readSession(
  store: Store,
  key: string,
  options: Options = {},
): Promise<FoundSession | undefined> {
  const found = await readAnySession(store, key, options);
  return found?.session.givenUp ? undefined : found;
}

/** Reads a session, also one that was given up. */
export async function readAnySession(
  { bucket, partSize }: Store,
  key: string,
  options: Options,
): Promise<FoundSession | undefined> {
  const found = await readSmall(bucket, key, { limit: headerLimit + 4 * partSize, signal: options.signal });
  if (!found) return undefined;
  const { facts: { etag, modified, now }, bytes } = found;
  const end = bytes.indexOf(lineFeed);
  const what = `${key} in ${bucket.name}`;
  const session = parseJson(bytes.subarray(0, Math.max(0, end)), what) as Session;
  if (!Array.isArray(session?.parts) || !/^[0-9a-f-]{36}$/.test(session.data)) {
    throw new GantryError("invalid-document", `read ${what}: it is not ours`);
  }
  const tail = bytes.slice(end + 1);
  const offset = session.size ?? session.parts.length * session.partSize + tail.byteLength;
  return { session, tail, offset, etag, modified, now };
}

/** A session as it is kept. It is never the same twice, so that of two who go on with one, one notices. */
export function sessionBytes(session: Session, tail: readonly Bytes[]): Bytes {
  return concat([utf8(`${JSON.stringify({ ...session, put: crypto.randomUUID() })}\n`), ...tail]);
}
