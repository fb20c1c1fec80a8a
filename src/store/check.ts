import type { Options } from "../content/contracts.ts";
import { childrenOf } from "../content/relations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { isDocumentType, isForeignType, isIndexType } from "../spec/media_type.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";
import type { Namespace } from "./namespace.ts";

/** What of an image is in a store. */
export interface CheckedImage {
  /** Whether all of it is. */
  readonly complete: boolean;
  /** What belongs to it, as far as is known: what a missing manifest names is not. */
  readonly required: readonly Descriptor[];
  /** What of that is here, in its size. */
  readonly present: readonly Descriptor[];
  /** What is not. */
  readonly missing: readonly Descriptor[];
}

/** Looks what of an image is here; of an index, for the platforms that match. Nothing but documents is read. */
export async function checkImage(
  { shared }: Namespace,
  target: Descriptor,
  matcher: PlatformMatcher | undefined,
  options: Options,
): Promise<CheckedImage> {
  const seen = new Set<Digest>();
  const present: Descriptor[] = [], missing: Descriptor[] = [];
  const stack = [target];
  for (let next = stack.pop(); next; next = stack.pop()) {
    options.signal?.throwIfAborted();
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    const { digest, mediaType, size } = next;
    if ((await shared.blobs.facts(digest))?.size !== size) {
      missing.push(next);
      continue;
    }
    present.push(next);
    if (!isDocumentType(mediaType)) continue;
    const children = childrenOf(await shared.blobs.read({ digest, size }, options), mediaType);
    for (const child of children.toReversed()) {
      if (isForeignType(child.mediaType)) continue;
      const { platform } = child;
      if (isIndexType(mediaType) && platform && matcher && !matcher.matches(platform)) continue;
      stack.push(child);
    }
  }
  return { complete: missing.length === 0, required: [...present, ...missing], present, missing };
}
