import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";

/** What a document names: an image's config and layers, an index's manifests. */
export function childrenOf(document: Uint8Array, mediaType: string): readonly Descriptor[] {
  const parsed = parseDocument(document, { mediaType });
  if (parsed.kind === "manifest") return [parsed.manifest.config, ...parsed.manifest.layers];
  return parsed.kind === "index" ? parsed.index.manifests : [];
}

/**
 * The descriptor under which a manifest is listed as a referrer of `subject`, if it is one: with its annotations, and
 * with its config's media type where it names no artifact type.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export function referrerOf(
  document: Uint8Array,
  descriptor: Descriptor,
  subject: Digest,
): Descriptor | undefined {
  const parsed = parseDocument(document, { mediaType: descriptor.mediaType });
  if (parsed.kind === "schema1") return undefined;
  const about = parsed.kind === "manifest" ? parsed.manifest : parsed.index;
  if (about.subject?.digest !== subject) return undefined;
  const artifactType = about.artifactType ||
    (parsed.kind === "manifest" ? parsed.manifest.config.mediaType : undefined);
  const { mediaType, digest, size } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType && { artifactType }),
    ...(about.annotations && { annotations: about.annotations }),
  };
}
