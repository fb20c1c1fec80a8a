import { digestBytes } from "../../digest/hasher.ts";
import { GantryError } from "../../errors.ts";
import { annotations } from "../../spec/annotations.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../../spec/digest.ts";
import { parseDocument } from "../../spec/document.ts";
import { blobPath, checkLayoutVersion, layoutIndexLimit, parseLayoutIndex } from "../../spec/layout.ts";
import { indexDepthLimit } from "../../spec/manifest.ts";
import { isDocumentType, isForeignType } from "../../spec/media_type.ts";
import type { Contents, File } from "./contents.ts";

/** What a descriptor leads to in an archive. */
export interface Node {
  readonly descriptor: Descriptor;
  /** An image's config; nothing for what is no image manifest, or cannot be read. */
  readonly config?: Digest;
  /** How many layers an image has. */
  readonly layers?: number;
  /** An index's manifests. */
  readonly children: readonly Node[];
  /** Everything that it leads to is in the archive, as far as sizes tell. */
  readonly whole: boolean;
  /** The images below an index that are whole, attestations aside; of more than two, two. */
  readonly images: readonly Node[];
}

/** The entries of index.json and what they lead to; nothing where there is no index.json. */
export async function readNodes(
  contents: Contents,
  what: string,
  signal?: AbortSignal,
): Promise<Node[] | undefined> {
  const file = contents.find("index.json");
  if (!file) return undefined;
  await checkVersion(contents, what, signal);
  const bytes = await contents.read(file, { limit: layoutIndexLimit, signal });
  const entries = parseLayoutIndex(bytes, `"index.json" in ${what}`);
  const walk = new Walk(contents, signal);
  const nodes: Node[] = [];
  for (const entry of entries.manifests) nodes.push(await walk.node(entry, 0));
  return nodes;
}

/**
 * What stands for a node: of an index that lacks some of its images, as `docker save` and `ctr export` write it, the only
 * image that is there.
 */
export function standIn(node: Node): Node {
  const [only, ...more] = node.images;
  return !node.whole && only && more.length === 0 ? only : node;
}

/** A node and all below it that has not been `seen`. */
export function* nodesIn(node: Node, seen: Set<Digest>): Generator<Node, void, void> {
  const stack = [node];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (seen.has(next.descriptor.digest)) continue;
    seen.add(next.descriptor.digest);
    yield next;
    stack.push(...[...next.children].reverse());
  }
}

function isAttestation({ platform, annotations: notes }: Descriptor): boolean {
  return platform?.os === "unknown" || notes?.[annotations.attestationType] !== undefined;
}

type Found = Omit<Node, "descriptor">;

const nothing: Found = { children: [], images: [], whole: false };

/** Reads documents, each once however often it is named. */
class Walk {
  readonly #contents: Contents;
  readonly #signal: AbortSignal | undefined;
  readonly #seen = new Map<Digest, Found>();

  constructor(contents: Contents, signal: AbortSignal | undefined) {
    this.#contents = contents;
    this.#signal = signal;
  }

  async node(descriptor: Descriptor, depth: number): Promise<Node> {
    const found = this.#seen.get(descriptor.digest) ?? await this.#look(descriptor, depth);
    this.#seen.set(descriptor.digest, found);
    return { ...found, descriptor };
  }

  async #look(descriptor: Descriptor, depth: number): Promise<Found> {
    this.#signal?.throwIfAborted();
    try {
      return isDocumentType(descriptor.mediaType)
        ? await this.#read(descriptor, depth)
        : { ...nothing, whole: this.#has(descriptor) };
    } catch (error) {
      // Whoever wants it will be told what is wrong with it; the others need not suffer.
      if (GantryError.is(error)) return nothing;
      throw error;
    }
  }

  async #read({ digest, mediaType, size }: Descriptor, depth: number): Promise<Found> {
    const file = this.#find(digest);
    if (!file || file.size !== size || depth > indexDepthLimit) return nothing;
    const bytes = await this.#contents.read(file, { signal: this.#signal });
    if (await digestBytes(bytes, algorithmOf(digest)) !== digest) return nothing;
    const document = parseDocument(bytes, { mediaType, what: digest });
    if (document.kind === "schema1") return { ...nothing, whole: true };
    if (document.kind === "manifest") {
      const { config, layers } = document.manifest;
      const whole = [config, ...layers].every((blob) => isForeignType(blob.mediaType) || this.#has(blob));
      return { ...nothing, config: config.digest, layers: layers.length, whole };
    }
    const children: Node[] = [];
    for (const child of document.index.manifests) children.push(await this.node(child, depth + 1));
    return { children, images: imagesOf(children), whole: children.every(({ whole }) => whole) };
  }

  #has({ digest, size }: Descriptor): boolean {
    return this.#find(digest)?.size === size;
  }

  #find(digest: Digest): File | undefined {
    return this.#contents.find(blobPath(digest));
  }
}

/** The images that an index's children are or lead to. */
function imagesOf(children: readonly Node[]): Node[] {
  const images = new Map<Digest, Node>();
  for (const child of children) {
    const isImage = child.config !== undefined && child.whole && !isAttestation(child.descriptor);
    for (const image of isImage ? [child] : child.images) {
      if (images.size < 2) images.set(image.descriptor.digest, image);
    }
  }
  return [...images.values()];
}

/** A missing oci-layout is overlooked, as it is in directories; another version is not. */
async function checkVersion(contents: Contents, what: string, signal?: AbortSignal): Promise<void> {
  const file = contents.find("oci-layout");
  if (file) {
    checkLayoutVersion(
      await contents.read(file, { signal }),
      `"oci-layout" in ${what}`,
      `open ${what}: the version of its layout`,
    );
  }
}
