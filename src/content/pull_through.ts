import { type Bytes, streamOf } from "../bytes.ts";
import { ifFound } from "./if_found.ts";
import { GantryError } from "../errors.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { bindSource } from "./bind_source.ts";
import { BlobFills } from "./blob_fills.ts";
import type { Address, OpenOptions, Resolved, ResolveOptions, Source, Target } from "./contracts.ts";
import { Once } from "./once.ts";
import { readDocument } from "./read.ts";
import { roleOf } from "./role.ts";

/** How to pull through. */
export interface PullThroughOptions {
  /** How long a name is believed to stand for what it stood for, in seconds. Default: 60. */
  fresh?: number | undefined;
  /** The time in milliseconds. Default: the clock's. */
  now?: (() => number) | undefined;
}

/**
 * A source that is read through a cache, for a mirror: what has been read once comes from the cache, and a name that the
 * cache knows is asked for again after a while, by its digest alone. Where the source cannot be reached, the cache
 * answers as it last did. Nothing can be written.
 *
 * @example
 * ```ts
 * import { memory, pullThrough } from "@gantry/oci/content";
 * import { server } from "@gantry/oci/server";
 *
 * const mirror = pullThrough(memory(), memory(), { fresh: 300 });
 * const handler = server({ repositories: () => mirror });
 * console.log((await handler(new Request("http://localhost/v2/app/manifests/v1"))).status); // 404
 * ```
 */
export function pullThrough(source: Source, cache: Target, options: PullThroughOptions = {}): Target {
  const mirror = new Mirror(source, cache, options);
  return {
    ...bindSource(source),
    resolve: (name, options) => mirror.resolve(name, options),
    open: (what, options) => mirror.open(what, options),
    write: () => Promise.reject(readOnly()),
    tag: () => Promise.reject(readOnly()),
  };
}

class Mirror {
  readonly #source: Source;
  readonly #cache: Target;
  readonly #fresh: number;
  readonly #now: () => number;
  readonly #fills: BlobFills;
  /** When the source was last asked for a name. */
  readonly #asked = new Map<string, number>();
  readonly #asking = new Map<string, Once<void>>();

  constructor(source: Source, cache: Target, { fresh = 60, now = Date.now }: PullThroughOptions) {
    this.#source = source;
    this.#cache = cache;
    this.#fresh = fresh * 1000;
    this.#now = now;
    this.#fills = new BlobFills(source, cache);
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    if (options.role === "blob") return await this.#resolveBlob(name, options);
    const known = await ifFound(this.#cache.resolve(name, options));
    if (known && (isDigest(name) || this.#isFresh(name))) return known;
    try {
      await this.#ask(name, options.signal);
    } catch (error) {
      if (!known || !GantryError.is(error, "unavailable", "rate-limited")) throw asMirror(error);
      return known;
    }
    return await this.#cache.resolve(name, options);
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    const known = await ifFound(this.#cache.open(what, options));
    if (known) return known;
    try {
      if (roleOf(what, options.role) === "blob") return await this.#fills.open(what, options);
      const { signal } = options;
      await this.#keep(what.digest, await readDocument(this.#source, what, { role: "manifest", signal }), {});
    } catch (error) {
      throw asMirror(error);
    }
    return await this.#cache.open(what, options);
  }

  async #resolveBlob(digest: string, options: ResolveOptions): Promise<Resolved> {
    const known = await ifFound(this.#cache.resolve(digest, options));
    return known ?? await this.#source.resolve(digest, options).catch((error) => {
      throw asMirror(error);
    });
  }

  #isFresh(name: string): boolean {
    return this.#now() - (this.#asked.get(name) ?? -Infinity) < this.#fresh;
  }

  /** Asks the source for a name, once for all who want it now, and keeps what it stands for. */
  async #ask(name: string, signal: AbortSignal | undefined): Promise<void> {
    let asking = this.#asking.get(name);
    if (!asking) this.#asking.set(name, asking = new Once((signal) => this.#askNow(name, signal)));
    try {
      await asking.get(signal);
    } finally {
      this.#asking.delete(name);
    }
  }

  async #askNow(name: string, signal: AbortSignal): Promise<void> {
    const [known, there] = [
      await ifFound(this.#cache.resolve(name, { signal })),
      isDigest(name) ? undefined : await this.#source.resolve(name, { signal }),
    ];
    if (!known || known.descriptor.digest !== there?.descriptor.digest) {
      const digest = there?.descriptor.digest ?? name as Digest;
      const { descriptor, document } = await this.#source.resolve(digest, { document: true, signal });
      await this.#keep(
        descriptor.digest,
        document ?? await readDocument(this.#source, descriptor, { role: "manifest", signal }),
        { mediaType: descriptor.mediaType, name: isDigest(name) ? undefined : name },
      );
    }
    this.#asked.set(name, this.#now());
  }

  async #keep(
    digest: Digest,
    document: Bytes,
    { mediaType, name }: { mediaType?: string | undefined; name?: string | undefined },
  ): Promise<void> {
    await this.#cache.write({
      mediaType: mediaType ?? parseDocument(document).mediaType,
      digest,
      size: document.byteLength,
      replayable: true,
      open: () => Promise.resolve(streamOf(document)),
    }, { role: "manifest", name });
  }
}

/** Whoever asks a mirror cannot log in where it reads. */
function asMirror(error: unknown): unknown {
  if (!GantryError.is(error, "unauthorized")) return error;
  return new GantryError("denied", error.message, { cause: error });
}

function readOnly(): GantryError {
  return new GantryError("unsupported", "write to a mirror: it is read only");
}
