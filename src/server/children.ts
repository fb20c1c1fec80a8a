import type { Target } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { Document } from "../spec/document.ts";
import { isDocumentType, isForeignType } from "../spec/media_type.ts";
import { type ErrorEntry, HttpError } from "./http_error.ts";

/** How many are looked for at the same time. */
const concurrency = 8;
/** How many are named in a response. */
const mostEntries = 100;

/**
 * Checks that the repository has everything that a document needs, in the size that it says. Foreign layers may be missing,
 * and so may the subject: it may be pushed later. Where manifests may be `sparse`, anything may.
 *
 * @throws {HttpError} 400 with an entry for each that is missing or of another size.
 */
export async function requireChildren(
  target: Target,
  document: Document,
  { sparse, signal }: { sparse: boolean; signal: AbortSignal },
): Promise<void> {
  const children = new Map<Digest, Descriptor>();
  const entries: ErrorEntry[] = [];
  for (const child of requiredDescriptors(document)) {
    const known = children.get(child.digest);
    if (known && known.size !== child.size) entries.push(sizeInvalid(child, known.size));
    children.set(child.digest, child);
  }
  const queue = children.values();
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (const child of queue) {
      const entry = await check(child, target, sparse, signal);
      if (entry) entries.push(entry);
    }
  }));
  if (entries.length > 0) throw new HttpError(400, entries.slice(0, mostEntries));
}

function requiredDescriptors(document: Document): Descriptor[] {
  if (document.kind === "index") return document.index.manifests;
  if (document.kind === "schema1") return [];
  const { config, layers } = document.manifest;
  return [config, ...layers.filter((layer) => !isForeignType(layer.mediaType))];
}

async function check(
  child: Descriptor,
  target: Target,
  sparse: boolean,
  signal: AbortSignal,
): Promise<ErrorEntry | undefined> {
  const { digest, mediaType } = child;
  // BuildKit's cache is an index that names layers, which are blobs.
  const role = isDocumentType(mediaType) ? "manifest" : "blob";
  try {
    const { descriptor } = await target.resolve(digest, { role, signal });
    return descriptor.size === child.size ? undefined : sizeInvalid(child, descriptor.size);
  } catch (error) {
    if (!GantryError.is(error, "not-found")) throw error;
    if (sparse) return undefined;
    const message = `${role} ${digest} is not in the repository`;
    return { code: "MANIFEST_BLOB_UNKNOWN", message, detail: { digest } };
  }
}

function sizeInvalid({ digest, size }: Descriptor, actual: number): ErrorEntry {
  const message = `the manifest says that ${digest} has ${size} bytes, it has ${actual}`;
  return { code: "MANIFEST_INVALID", message, detail: { digest } };
}
