import { type Bytes, streamOf } from "../bytes.ts";
import type {
  Address,
  OpenOptions,
  Options,
  Resolved,
  ResolveOptions,
  Role,
  Source,
} from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { readDocument } from "../content/read.ts";
import { referrerOf } from "../content/relations.ts";
import { GantryError } from "../errors.ts";
import { annotations } from "../spec/annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, isDigest, parseDigest } from "../spec/digest.ts";
import { isDocumentType, mediaTypes } from "../spec/media_type.ts";
import { Contents, type File } from "./read/contents.ts";
import type { MadeImage } from "./read/docker_image.ts";
import { openFile } from "./read/file.ts";
import { fullName, namesOf } from "./names.ts";
import { blobPath } from "../spec/layout.ts";
import type { Slices } from "../content/slices.ts";
import { unwrap } from "./read/decompressed_file.ts";
import { type Listing, readListing, type Root } from "./read/roots.ts";

/** Images in a tar, as {@link archive} opens it. */
export interface Archive
  extends Required<Omit<Source, "origins" | "file" | "ordered" | "presigned">>, AsyncDisposable {
  /** Gives back what a compressed archive takes on the disk while it is open. */
  close(): Promise<void>;
}

/** How to open an archive. */
export interface ArchiveOptions {
  /** What is read, for messages. Default: the file's name. */
  what?: string | undefined;
  /**
   * In whose words the manifests are that are made for images without one. Default: Docker's, as crane has them; OCI's are
   * for layouts.
   */
  types?: "docker" | "oci" | undefined;
}

/**
 * Opens images in a tar: what `docker save` and its like wrote, an OCI layout, or both at once; compressed with gzip or zstd
 * as a whole or not. The tar is in a file, in a `Blob`, or anywhere that gives slices. Nothing is read before it is
 * asked for, and only what is; what is compressed as a whole is unpacked into a temporary file, which goes away with
 * `close`, with the archive, or with the process.
 *
 * Images have the names that manifest.json gives them, in full or as Docker shortens them, and those in index.json; `@0`
 * is the first one. An image that has no manifest gets one, of Docker's types as with crane, which depends on its bytes alone. An index of
 * which only one image is in the archive stands for that image.
 *
 * @example
 * ```ts
 * import { archive, writeArchive } from "@gantry/oci/archive";
 * import { emptyImage } from "@gantry/oci/image";
 *
 * const tar = await new Response(writeArchive([{ image: emptyImage(), names: ["app:v1"] }])).blob();
 * const { descriptor } = await archive(tar).resolve("app:v1");
 * console.log(descriptor.mediaType); // application/vnd.oci.image.manifest.v1+json
 * ```
 */
export function archive(from: string | Slices, options: ArchiveOptions = {}): Archive {
  return new ArchiveSource(from, options);
}

/** An archive that has been read through. */
interface Opened {
  contents: Contents;
  listing: Listing;
  close(): Promise<void>;
}

class ArchiveSource implements Archive {
  readonly #what: string;
  readonly #types: "docker" | "oci";
  readonly #opened: Once<Opened>;
  readonly #made = new Map<Digest, MadeImage>();
  #close: (() => Promise<void>) | undefined;

  constructor(from: string | Slices, { what, types = "docker" }: ArchiveOptions) {
    this.#types = types;
    this.#what = what ?? (typeof from === "string" ? `archive ${JSON.stringify(from)}` : "archive");
    this.#opened = new Once((signal) => this.#open(from, signal));
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    const { role = "manifest", document, signal } = options;
    const descriptor = isDigest(name)
      ? await this.#findDigest(name, role, signal)
      : await this.#findName(name, signal);
    if (!document) return { descriptor };
    return { descriptor, document: await readDocument(this, descriptor, { role, signal }) };
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    const { start, end, signal } = options;
    const { contents } = await this.#opened.get(signal);
    const found = await this.#find(parseDigest(what.digest), signal);
    if (!found) throw this.#missing(`read ${what.digest}`);
    const size = sizeOf(found);
    if (what.size !== undefined && what.size !== size) {
      throw new GantryError(
        "size-mismatch",
        `read ${what.digest} in ${this.#what}: ${size} bytes, expected ${what.size}`,
      );
    }
    return found instanceof Uint8Array
      ? streamOf(found.slice(start, end))
      : contents.open(found, { start, end }, signal);
  }

  async *names(options: Options = {}): AsyncGenerator<string, void, void> {
    const { listing } = await this.#opened.get(options.signal);
    yield* shownNames(listing.roots).sort();
  }

  async *roots(options: Options = {}): AsyncGenerator<Descriptor, void, void> {
    const { listing } = await this.#opened.get(options.signal);
    for (const root of listing.roots) {
      const descriptor = await this.#describe(root, options.signal);
      if (root.kind === "listed" || root.names.length === 0) yield descriptor;
      else {for (const name of root.names) {
          yield { ...descriptor, annotations: { [annotations.refName]: name } };
        }}
    }
  }

  async *referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncGenerator<Descriptor, void, void> {
    const { artifactType, signal } = options;
    const { listing } = await this.#opened.get(signal);
    for (const { mediaType, digest, size } of listing.documents.values()) {
      if (!isDocumentType(mediaType)) continue;
      const descriptor = { mediaType, digest, size };
      const referrer = await this.#readReferrer(descriptor, subject.digest, signal);
      if (referrer && (artifactType ?? referrer.artifactType) === referrer.artifactType) yield referrer;
    }
  }

  async close(): Promise<void> {
    await this.#close?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(from: string | Slices, signal: AbortSignal): Promise<Opened> {
    const bytes = typeof from === "string" ? await openFile(from) : from;
    const tar = await unwrap(bytes, this.#what, signal);
    try {
      const contents = await Contents.scan(tar.bytes, this.#what, signal);
      const listing = await readListing(contents, this.#what, this.#types, signal);
      this.#close = tar.close;
      return { contents, listing, close: tar.close };
    } catch (error) {
      await tar.close();
      throw error;
    }
  }

  async #findName(name: string, signal?: AbortSignal): Promise<Descriptor> {
    const { listing } = await this.#opened.get(signal);
    const root = listing.roots[indexIn(name)] ?? this.#namedRoot(name, listing.roots);
    if (root) return await this.#describe(root, signal);
    const names = shownNames(listing.roots);
    const there = names.length > 0
      ? `there is ${names.slice(0, 10).join(", ")}`
      : "what is in it has no names";
    throw this.#missing(`resolve ${JSON.stringify(name)}`, `no such name, ${there}`);
  }

  /** The first root of a name; who reads manifest.json and who reads index.json must find the same. */
  #namedRoot(name: string, roots: readonly Root[]): Root | undefined {
    const full = fullName(name);
    const isIt = (known: string) => known === name || fullName(known) === full;
    const docker = roots.find(({ names }) => names.some(isIt));
    const listed = roots.find((root) => root.kind === "listed" && namesOf(root.descriptor).some(isIt));
    if (docker && listed && digestOf(docker) !== digestOf(listed)) {
      throw new GantryError(
        "invalid-archive",
        `resolve ${
          JSON.stringify(name)
        } in ${this.#what}: manifest.json and index.json each name another image so`,
      );
    }
    return docker ?? listed;
  }

  async #findDigest(digest: Digest, role: Role, signal?: AbortSignal): Promise<Descriptor> {
    const { listing } = await this.#opened.get(signal);
    const found = await this.#find(digest, signal);
    const listed = listing.documents.get(digest) ?? this.#made.get(digest)?.descriptor;
    if (!found || (role === "manifest" && !listed)) {
      throw this.#missing(`resolve ${digest}`, `no such ${role}`);
    }
    if (role === "manifest") return listed!;
    return {
      mediaType: mediaTypes.octetStream,
      digest,
      size: sizeOf(found),
    };
  }

  async #describe(root: Root, signal?: AbortSignal): Promise<Descriptor> {
    if (root.kind === "listed") return root.descriptor;
    const made = await root.made.get(signal);
    this.#made.set(made.descriptor.digest, made);
    return made.descriptor;
  }

  /** Bytes by their digest: where a layout has them, or where a saved image has. */
  async #find(digest: Digest, signal?: AbortSignal): Promise<File | Bytes | undefined> {
    const { contents, listing } = await this.#opened.get(signal);
    const found = contents.find(blobPath(digest)) ?? this.#findMade(digest);
    if (found) return found;
    // Somebody kept the digest, and asks another instance for it.
    for (const root of listing.roots) {
      if (root.kind === "saved") await this.#describe(root, signal).catch(ignoreBroken);
    }
    return this.#findMade(digest);
  }

  #findMade(digest: Digest): File | Bytes | undefined {
    for (const { descriptor, manifest, files } of this.#made.values()) {
      const found = descriptor.digest === digest ? manifest : files.get(digest);
      if (found) return found;
    }
    return undefined;
  }

  async #readReferrer(descriptor: Descriptor, subject: Digest, signal?: AbortSignal) {
    try {
      return referrerOf(await readDocument(this, descriptor, { signal }), descriptor, subject);
    } catch (error) {
      return ignoreBroken(error);
    }
  }

  #missing(action: string, reason = "not there"): GantryError {
    return new GantryError("not-found", `${action} in ${this.#what}: ${reason}`);
  }
}

/** How many bytes there are of a file, or of what was made. */
function sizeOf(found: File | Bytes): number {
  return found instanceof Uint8Array ? found.byteLength : found.size;
}

/** The digest of a root that has a manifest of its own. */
function digestOf(root: Root): Digest | undefined {
  return root.kind === "listed" ? root.descriptor.digest : undefined;
}

/** The names that are listed, each in one form: Docker's, or else the one that tells more. */
function shownNames(roots: readonly Root[]): string[] {
  const shown = new Map<string, string>();
  for (const root of roots) {
    const names = root.names.length > 0 || root.kind !== "listed" ? root.names : [shownName(root.descriptor)];
    for (const name of names) {
      if (name !== undefined && !shown.has(fullName(name))) shown.set(fullName(name), name);
    }
  }
  return [...shown.values()];
}

function shownName(descriptor: Descriptor): string | undefined {
  const [full, name] = namesOf(descriptor);
  return full !== undefined && name !== undefined && fullName(name) === fullName(full) ? name : full;
}

/** The number in `@0`, as skopeo has it; -1 for other names. */
function indexIn(name: string): number {
  return Number(/^@(\d{1,9})$/.exec(name)?.[1] ?? -1);
}

/** What is wrong with one image is no matter to those who ask for another. */
function ignoreBroken(error: unknown): undefined {
  if (!GantryError.is(error)) throw error;
}
