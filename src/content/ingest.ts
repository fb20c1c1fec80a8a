import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Content, Ingest, Options } from "./contracts.ts";

/**
 * Writes content into an ingest from where it stands: `write` for media that know no shorter way. A `session`'s bytes
 * are kept when the content breaks off; what can never become the content is forgotten.
 *
 * @throws {GantryError} `size-mismatch`, `digest-mismatch`.
 */
export async function writeIngest(
  ingest: Ingest,
  content: Content,
  options: Options & { keep?: boolean | undefined } = {},
): Promise<Descriptor> {
  let keep = options.keep ?? false;
  try {
    const length = await appendContent(ingest, content, options);
    const what = content.digest ?? content.mediaType;
    if (content.size !== undefined && length !== content.size) {
      keep &&= length < content.size;
      throw new GantryError("size-mismatch", `write ${what}: ${length} bytes, expected ${content.size}`);
    }
    const committed = await ingest.commit(content.digest, options);
    return { ...committed, mediaType: content.mediaType };
  } catch (error) {
    if (keep && !GantryError.is(error, "digest-mismatch")) await ingest.close();
    else await ingest.abort();
    throw error;
  }
}

async function appendContent(ingest: Ingest, content: Content, options: Options): Promise<number> {
  const { offset } = ingest;
  if (content.size !== undefined && offset >= content.size) return offset;
  const bytes = await content.open({ start: offset, signal: options.signal });
  return await ingest.append(bytes, offset, options);
}
