import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import { isRepository } from "../spec/reference.ts";
import type { RequestContext } from "./request_context.ts";
import { HttpError } from "./http_error.ts";

/** Copies a blob from another repository, and tells whether that worked. Where it did not, the client uploads the blob. */
export async function mountBlob(
  context: RequestContext,
  { repository, from, digest }: { repository: string; from: string; digest: Digest },
): Promise<boolean> {
  if (!isRepository(from)) return false;
  const { signal } = context;
  const target = await context.target(repository);
  try {
    const source = await context.target(from);
    const { descriptor: { mediaType, size } } = await source.resolve(digest, { role: "blob", signal });
    await target.write({
      mediaType,
      digest,
      size,
      replayable: true,
      open: ({ start, signal } = {}) => source.open({ digest, size }, { role: "blob", start, signal }),
    }, { role: "blob", signal });
    return true;
  } catch (error) {
    if (GantryError.is(error) || error instanceof HttpError) return false;
    throw error;
  }
}
