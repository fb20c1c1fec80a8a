import type { Target } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { Document } from "../spec/document.ts";
import { isDocumentType, isForeignType } from "../spec/media_type.ts";
import { HttpError, type Problem } from "./http_error.ts";

/** How many are looked for at a time. */
const concurrency = 8;
/** How many are named in an answer. */
const mostProblems = 100;

/**
 * Refuses a document that names what the repository does not have, or has in another size. Layers that are not to be
 * pushed may be missing, and the subject may come later.
 */
export async function requireChildren(
  target: Target,
  document: Document,
  signal: AbortSignal,
): Promise<void> {
  const children = new Map<Digest, Descriptor>();
  const problems: Problem[] = [];
  for (const child of childrenOf(document)) {
    const known = children.get(child.digest);
    if (known && known.size !== child.size) problems.push(sizeInvalid(child, known.size));
    children.set(child.digest, child);
  }
  const queue = children.values();
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (const child of queue) {
      const problem = await problemWith(child, target, signal);
      if (problem) problems.push(problem);
    }
  }));
  if (problems.length > 0) throw new HttpError(400, problems.slice(0, mostProblems));
}

function childrenOf(document: Document): Descriptor[] {
  if (document.kind === "index") return document.index.manifests;
  if (document.kind === "schema1") return [];
  const { config, layers } = document.manifest;
  return [config, ...layers.filter((layer) => !isForeignType(layer.mediaType))];
}

async function problemWith(
  child: Descriptor,
  target: Target,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { digest, mediaType } = child;
  // BuildKit's cache is an index of layers: they are blobs, wherever they are named.
  const role = isDocumentType(mediaType) ? "manifest" : "blob";
  try {
    const { descriptor } = await target.resolve(digest, { role, signal });
    return descriptor.size === child.size ? undefined : sizeInvalid(child, descriptor.size);
  } catch (error) {
    if (!GantryError.is(error, "not-found")) throw error;
    const message = `${role} ${digest} is not in the repository`;
    return { code: "MANIFEST_BLOB_UNKNOWN", message, detail: { digest } };
  }
}

function sizeInvalid({ digest, size }: Descriptor, actual: number): Problem {
  const message = `the manifest says that ${digest} has ${size} bytes, it has ${actual}`;
  return { code: "MANIFEST_INVALID", message, detail: { digest } };
}
