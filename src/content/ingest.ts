import { observed } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Content, Ingest, Options } from "./contracts.ts";

/**
 * Writes content into an ingest from where it stands: `write` for media that know no shorter way. A `session`'s bytes
 * are kept when the content breaks off; what can never become the content is forgotten. `append` adds the rest of the
 * content where that is not done with one stream, and tells how many bytes there are then.
 *
 * @throws {GantryError} `size-mismatch`, `digest-mismatch`.
 */
export async function writeIngest(
  ingest: Ingest,
  content: Content,
  options: Options & { keep?: boolean | undefined; append?: (() => Promise<number>) | undefined } = {},
): Promise<Descriptor> {
  const { size, digest, mediaType } = content;
  const mismatch = (found: string) =>
    new GantryError("size-mismatch", `write ${digest ?? mediaType}: ${found} bytes, expected ${size}`);
  let keep = options.keep ?? false;
  try {
    const tooMany = (length: number): never => {
      keep = false;
      throw mismatch(`at least ${length}`);
    };
    if (ingest.offset > (size ?? Infinity)) tooMany(ingest.offset);
    const length = await (options.append?.() ?? appendContent(ingest, content, options, tooMany));
    if (size !== undefined && length < size) throw mismatch(String(length));
    const committed = await ingest.commit(digest, options);
    return { ...committed, mediaType };
  } catch (error) {
    if (keep && !GantryError.is(error, "digest-mismatch")) await ingest.close();
    else await ingest.abort();
    throw error;
  }
}

async function appendContent(
  ingest: Ingest,
  content: Content,
  options: Options,
  tooMany: (length: number) => never,
): Promise<number> {
  const { size = Infinity } = content;
  let at = ingest.offset;
  if (at === size) return at;
  const bytes = await content.open({ start: at, unverified: true, signal: options.signal });
  const counted = observed(bytes, {
    chunk(chunk) {
      at += chunk.byteLength;
      if (at > size) tooMany(at);
    },
  });
  return await ingest.append(counted, ingest.offset, options);
}

const unnamed = "unnamed-";

/** A session for a write that is not to be continued. */
export function unnamedSession(): string {
  return `${unnamed}${crypto.randomUUID()}`;
}

/** Whether a session is one that nobody is going to ask for. */
export function isUnnamedSession(session: string): boolean {
  return session.startsWith(unnamed);
}
