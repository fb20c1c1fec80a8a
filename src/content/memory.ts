import { type Bytes, readAll, streamOf } from "../bytes.ts";
import { digestBytes } from "../digest/hasher.ts";
import { verifying } from "../digest/verify.ts";
import { GantryError } from "../errors.ts";
import { annotations } from "../spec/annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type {
  Address,
  Content,
  Ingest,
  IngestStatus,
  OpenOptions,
  Options,
  Resolved,
  ResolveOptions,
  Role,
  Target,
  Usage,
  WriteOptions,
  Written,
} from "./contracts.ts";
import { isUnnamedSession, unnamedSession, writeIngest } from "./ingest.ts";
import { type IngestState, MemoryIngest } from "./memory_ingest.ts";
import { childrenOf, referrerOf } from "./relations.ts";
import { roleOf } from "./role.ts";

/**
 * A repository that lives in memory: for tests, edge functions and images that are passed on.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 *
 * const target = memory();
 * const bytes = new TextEncoder().encode("hello");
 * const { descriptor } = await target.write({
 *   mediaType: "text/plain",
 *   replayable: true,
 *   open: () => Promise.resolve(new Blob([bytes]).stream()),
 * });
 * console.log(descriptor.digest);
 * ```
 */
export function memory(): Memory {
  return new Memory();
}

/** Does synchronous work as a promise: what it throws is a rejection. It does nothing when the signal has aborted. */
function promised<T>(options: Options, work: () => T): Promise<T> {
  return new Promise((resolve) => {
    options.signal?.throwIfAborted();
    resolve(work());
  });
}

interface Entry {
  descriptor: Descriptor;
  bytes: Bytes;
}

/** The repository that {@link memory} makes. */
export class Memory implements Target {
  readonly #kept: Record<Role, Map<Digest, Entry>> = { manifest: new Map(), blob: new Map() };
  readonly #tags = new Map<string, Digest>();
  readonly #ingests = new Map<string, IngestState>();

  /** Finds a tag or digest. */
  resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    return promised(options, () => {
      const digest = isDigest(name) ? name : this.#tags.get(name);
      const entry = digest && this.#kept[options.role ?? "manifest"].get(digest);
      if (!entry) throw new GantryError("not-found", `resolve ${JSON.stringify(name)}: not in memory`);
      return {
        descriptor: { ...entry.descriptor },
        ...(options.document && { document: entry.bytes.slice() }),
      };
    });
  }

  /** Opens bytes. */
  open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    return promised(options, () => {
      const entry = this.#kept[roleOf(what, options.role)].get(what.digest);
      if (!entry) throw new GantryError("not-found", `read ${what.digest}: not in memory`);
      return streamOf(entry.bytes.slice(options.start, options.end));
    });
  }

  /** The tags, in the order of their bytes. */
  async *names(): AsyncGenerator<string, void, void> {
    yield* [...this.#tags.keys()].sort();
  }

  /** The tagged manifests, once a tag, and those that nothing names. */
  async *roots(): AsyncGenerator<Descriptor, void, void> {
    const inner = new Set(this.#tags.values());
    for (const { descriptor, bytes } of this.#kept.manifest.values()) {
      for (const child of childrenOf(bytes, descriptor.mediaType)) inner.add(child.digest);
    }
    for (const [name, digest] of this.#tags) {
      const { descriptor } = this.#kept.manifest.get(digest)!;
      yield { ...descriptor, annotations: { [annotations.refName]: name } };
    }
    for (const { descriptor } of this.#kept.manifest.values()) {
      if (!inner.has(descriptor.digest)) yield { ...descriptor };
    }
  }

  /** The manifests whose subject this is. */
  async *referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncGenerator<Descriptor, void, void> {
    for (const { descriptor, bytes } of this.#kept.manifest.values()) {
      const referrer = referrerOf(bytes, descriptor, subject.digest);
      if (referrer && (options.artifactType ?? referrer.artifactType) === referrer.artifactType) {
        yield referrer;
      }
    }
  }

  /** Writes content whole. */
  async write(content: Content, options: WriteOptions = {}): Promise<Written> {
    const role = roleOf(content, options.role);
    const present = content.digest && this.#kept[role].get(content.digest);
    const descriptor = present
      ? { ...present.descriptor, mediaType: content.mediaType }
      : role === "manifest"
      ? await this.#writeManifest(content, options)
      : await writeIngest(await this.ingest(options.session ?? unnamedSession()), content, {
        signal: options.signal,
        keep: options.session !== undefined,
      });
    if (options.name !== undefined) this.#tags.set(options.name, descriptor.digest);
    return { descriptor, how: present ? "present" : "written" };
  }

  /** Tags a manifest that is here. */
  tag(
    name: string,
    descriptor: Descriptor,
    options: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    return promised(options, () => {
      const now = this.#tags.get(name) ?? null;
      const { expect } = options;
      if (expect !== undefined && expect !== now) {
        throw new GantryError(
          "conflict",
          `tag ${name}: it is ${now ?? "free"}, expected ${expect ?? "free"}`,
        );
      }
      if (!this.#kept.manifest.has(descriptor.digest)) {
        throw new GantryError("not-found", `tag ${name}: no manifest ${descriptor.digest}`);
      }
      this.#tags.set(name, descriptor.digest);
    });
  }

  /** Takes a tag away. */
  untag(name: string, options: Options = {}): Promise<void> {
    return promised(options, () => {
      if (!this.#tags.delete(name)) {
        throw new GantryError("not-found", `untag ${JSON.stringify(name)}: no such tag`);
      }
    });
  }

  /** Removes a manifest with its tags, or a blob. */
  delete(what: Address, options: Options & { role?: Role | undefined } = {}): Promise<void> {
    return promised(options, () => {
      const role = options.role ?? (this.#kept.manifest.has(what.digest) ? "manifest" : "blob");
      if (!this.#kept[role].delete(what.digest)) {
        throw new GantryError("not-found", `delete ${what.digest}: not in memory`);
      }
      if (role === "blob") return;
      for (const [name, digest] of this.#tags) if (digest === what.digest) this.#tags.delete(name);
    });
  }

  /** Counts what is here. */
  usage(): Promise<Usage> {
    const { manifest, blob } = this.#kept;
    const sizes = new Map([...manifest, ...blob].map(([digest, { bytes }]) => [digest, bytes.byteLength]));
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    return Promise.resolve({ bytes, manifests: manifest.size, tags: this.#tags.size });
  }

  /** The writes in the making that can be continued. */
  async *ingests(): AsyncGenerator<IngestStatus, void, void> {
    for (const [session, { chunks, updated }] of this.#ingests) {
      if (isUnnamedSession(session)) continue;
      yield { session, offset: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0), updated };
    }
  }

  /** A write over several calls. */
  ingest(session: string, options: Options & { create?: boolean | undefined } = {}): Promise<Ingest> {
    return promised(options, () => {
      const found = this.#ingests.get(session);
      if (found?.held) throw new GantryError("conflict", `open session ${session}: it is in use`);
      if (!found && options.create === false) {
        throw new GantryError("not-found", `open session ${session}: no such session`);
      }
      const state = found ?? { chunks: [], held: false, updated: new Date() };
      this.#ingests.set(session, state);
      state.held = true;
      return new MemoryIngest(session, state, {
        keep: (bytes, digest) => {
          const descriptor = { mediaType: mediaTypes.octetStream, digest, size: bytes.byteLength };
          this.#kept.blob.set(digest, { descriptor, bytes });
          return { ...descriptor };
        },
        forget: () => void this.#ingests.delete(session),
      });
    });
  }

  async #writeManifest(content: Content, options: Options): Promise<Descriptor> {
    const open = await content.open({ signal: options.signal });
    const what = content.digest ?? content.mediaType;
    const { digest: named, size } = content;
    const stream = named ? open.pipeThrough(verifying({ digest: named, size }, { what })) : open;
    const bytes = await readAll(stream, { limit: 64 * 1024 * 1024, what, signal: options.signal });
    parseDocument(bytes, { mediaType: content.mediaType, what });
    const digest = named ?? await digestBytes(bytes);
    const descriptor = { mediaType: content.mediaType, digest, size: bytes.byteLength };
    this.#kept.manifest.set(digest, { descriptor, bytes });
    return { ...descriptor };
  }
}
