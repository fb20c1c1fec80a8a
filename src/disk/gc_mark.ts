import { documentLimit } from "../content/read.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { parseJson } from "../spec/json.ts";
import { isDocumentType, isLayerType } from "../spec/media_type.ts";
import type { BlobDirectory } from "./blob_directory.ts";

type Named = Pick<Descriptor, "digest" | "mediaType">;

/**
 * Everything that these lead to. It goes by every digest that a document holds, whatever fields it stands in, so that
 * artifact manifests and types to come keep their blobs; only a subject is not held by what refers to it.
 *
 * @throws {GantryError} For a manifest that is not what its digest says, or cannot be read: what it names is not known.
 */
export async function markAll(
  roots: readonly Named[],
  blobs: BlobDirectory,
  signal: AbortSignal | undefined,
): Promise<Set<Digest>> {
  const kept = new Set<Digest>();
  const read = new Set<Digest>();
  const stack = [...roots];
  for (let next = stack.pop(); next; next = stack.pop()) {
    signal?.throwIfAborted();
    kept.add(next.digest);
    if (read.has(next.digest)) continue;
    read.add(next.digest);
    const document = await readJson(next, blobs, signal);
    collectDigests(document, kept);
    stack.push(...manifestsOf(document));
  }
  return kept;
}

/** A document, nothing where it is missing, or is none and need not be one. */
async function readJson(
  { digest, mediaType }: Named,
  blobs: BlobDirectory,
  signal?: AbortSignal,
): Promise<unknown> {
  const facts = await blobs.facts(digest);
  if (!facts || isLayerType(mediaType)) return undefined;
  const known = isDocumentType(mediaType);
  if (!known && facts.size > documentLimit) return undefined;
  const bytes = await blobs.read({ digest, size: facts.size }, { signal });
  try {
    return parseJson(bytes, blobs.path(digest));
  } catch (error) {
    if (!known && GantryError.is(error)) return undefined;
    throw error;
  }
}

function collectDigests(value: unknown, into: Set<Digest>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === "subject" || key === "annotations") continue;
    if ((key === "digest" || key === "blobSum") && typeof member === "string" && isDigest(member)) {
      into.add(member);
    }
    collectDigests(member, into);
  }
}

function manifestsOf(document: unknown): Named[] {
  const { manifests } = (document ?? {}) as { manifests?: unknown };
  if (!Array.isArray(manifests)) return [];
  return manifests.filter((one: Partial<Named> | null): one is Named =>
    typeof one?.mediaType === "string" && typeof one.digest === "string" && isDigest(one.digest)
  );
}
