import { observed } from "../bytes.ts";
import type { Address, Content, Options, Part, Role, Target, Written } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import { Index } from "../image/index.ts";
import { selectImage } from "../image/select.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { hexOf } from "../spec/digest.ts";
import { isForeignType, isIndexType, isSchema1Type } from "../spec/media_type.ts";
import type { Platform } from "../spec/platform.ts";
import type { CopyEvent } from "./events.ts";
import type { Referrer, ReferrersOf } from "./referrers.ts";

/** How to copy. */
export interface CopyOptions extends Options {
  /** The name that the image or index gets. Default: none. */
  name?: string | undefined;
  /** Copies only the image for this platform of an index. Default: the whole index. */
  platform?: Platform | undefined;
  /** How many blobs and documents are copied at once. Default: 6. */
  concurrency?: number | undefined;
  /**
   * Under this word, what is written survives an abort or a kill, and the next copy with the same word goes on where
   * this one stopped. Up to 63 letters, digits, dots, dashes and underscores. Default: partial bytes are removed.
   */
  session?: string | undefined;
  /** Copies non-distributable layers too. Default: false. */
  foreign?: boolean | undefined;
  /**
   * Lists what else belongs to a manifest, such as its signatures; `referrersOf(source)` is one. It is asked for each
   * manifest once that is written, and what it lists is copied with all below it and its own referrers. Default: nothing.
   */
  referrers?: ReferrersOf | undefined;
  /** Called with each event. */
  progress?: ((event: CopyEvent) => void) | undefined;
}

/**
 * Copies an image, an index or anything else that names and has bytes into a target: children first, each digest once,
 * mounted rather than sent where the target can do that. The bytes of documents stay as they are.
 *
 * @throws {GantryError} What the source and the target throw; the first failure aborts all that is running.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 *
 * const { descriptor } = await copy(emptyImage(), memory(), { name: "v1" });
 * console.log(descriptor.digest);
 * ```
 */
export async function copy(part: Part, target: Target, options: CopyOptions = {}): Promise<Written> {
  if (options.session !== undefined && !/^[A-Za-z0-9._-]{1,63}$/.test(options.session)) {
    throw new GantryError(
      "invalid-name",
      `copy in session ${JSON.stringify(options.session)}: not a session's name`,
    );
  }
  const { signal, platform } = options;
  const root = platform && part instanceof Index ? await selectImage(part, platform, { signal }) : part;
  const lease = await target.lease?.({ signal });
  try {
    return await new Copying(target, options).run(root);
  } finally {
    await lease?.[Symbol.asyncDispose]();
  }
}

/** One copy: what is running, and what is done. */
class Copying {
  readonly #target: Target;
  readonly #options: CopyOptions;
  readonly #slots: Slots;
  readonly #failed = new AbortController();
  readonly #signal: AbortSignal;
  readonly #parts = new Map<Part, Promise<Written | undefined>>();
  readonly #digests = new Map<string, Promise<Written | undefined>>();
  readonly #referrers: Promise<void>[] = [];
  #ids = 0;

  constructor(target: Target, options: CopyOptions) {
    this.#target = target;
    this.#options = options;
    this.#slots = new Slots(options.concurrency ?? 6);
    this.#signal = options.signal
      ? AbortSignal.any([options.signal, this.#failed.signal])
      : this.#failed.signal;
  }

  async run(root: Part): Promise<Written> {
    const putting = this.#put(root, this.#options.name);
    await Promise.allSettled([putting]);
    // Referrers have referrers: the list grows while it is gone through.
    for (const copying of this.#referrers) await Promise.allSettled([copying]);
    await Promise.all(this.#referrers);
    return (await putting)!;
  }

  /** Writes a part and all below it, once however often it stands in the graph. */
  #put(part: Part, name?: string): Promise<Written | undefined> {
    const known = part.known && `${part.role} ${part.known.digest}`;
    const running = this.#parts.get(part) ?? (known && this.#digests.get(known));
    if (running) return name === undefined ? running : this.#name(running, name);
    const putting = this.#putOnce(part, name);
    this.#parts.set(part, putting);
    if (known) this.#digests.set(known, putting);
    return putting;
  }

  /** Gives a name to what is written already for another place in the graph. */
  async #name(running: Promise<Written | undefined>, name: string): Promise<Written | undefined> {
    const written = await running;
    if (written) {
      await this.#inSlot(() => this.#target.tag(name, written.descriptor, { signal: this.#signal }));
    }
    return written;
  }

  async #putOnce(part: Part, name?: string): Promise<Written | undefined> {
    let written = await this.#present(part, name) ?? await this.#nameFound(part, name);
    if (!written) {
      await this.#putChildren(part);
      written = await this.#write(part, name);
    }
    if (part.role === "manifest" && written) this.#addReferrers(written.descriptor);
    return written;
  }

  /**
   * Copies what belongs to a manifest, which does not wait for it: a referrer may be an index that names its subject,
   * and they would wait for each other.
   */
  #addReferrers(subject: Descriptor): void {
    const { referrers } = this.#options;
    if (!referrers) return;
    const copying = this.#putAll(async () => {
      const found: Referrer[] = [];
      for await (const referrer of referrers(subject, { signal: this.#signal })) found.push(referrer);
      return found;
    });
    copying.catch(() => {}); // `run` awaits it
    this.#referrers.push(copying);
  }

  #putChildren(part: Part): Promise<void> {
    return this.#putAll(async () =>
      (await part.children({ signal: this.#signal })).map((child) => ({ part: child }))
    );
  }

  async #putAll(list: () => Promise<readonly Referrer[]>): Promise<void> {
    const parts = await this.#inSlot(list);
    const putting = parts.map(({ part, name }) => this.#put(part, name));
    // Once one has failed, the others are aborted. They are awaited, so that nothing of this copy runs on.
    await Promise.allSettled(putting);
    await Promise.all(putting);
  }

  #inSlot<T>(work: () => Promise<T>): Promise<T> {
    return this.#slots.run(async () => {
      try {
        return await work();
      } catch (error) {
        this.#failed.abort(error);
        throw error;
      }
    }, this.#signal);
  }

  /** Whether the target is known to have an image under the name, with all below it. */
  async #present(part: Part, name?: string): Promise<Written | undefined> {
    const descriptor = await this.#find(part, name);
    if (!descriptor) return undefined;
    this.#options.progress?.({ type: "done", id: ++this.#ids, descriptor, how: "present" });
    return { descriptor, how: "present" };
  }

  /** Gives the name to an image that the target has already without it. */
  async #nameFound(part: Part, name?: string): Promise<Written | undefined> {
    if (name === undefined || !await this.#find(part)) return undefined;
    return await this.#write(part, name, true);
  }

  /** What the target has, if it is the part, and such as is never there without all below it. */
  async #find(
    { role, known }: Part,
    name: string | undefined = known?.digest,
  ): Promise<Descriptor | undefined> {
    if (!this.#target.complete || !known || name === undefined || !isCompleteKind(role, known)) {
      return undefined;
    }
    return await this.#inSlot(async () => {
      try {
        const options = { beforeWrite: true, signal: this.#signal };
        const { descriptor } = await this.#target.resolve(name, options);
        return descriptor.digest === known.digest ? descriptor : undefined;
      } catch (error) {
        // Some registries deny access to what is not there. If access is denied indeed, the write fails.
        if (GantryError.is(error, "not-found", "denied")) return undefined;
        throw error;
      }
    });
  }

  /** Writes the bytes of one part, whose children are there. Where they only may be there, gives undefined if they are not. */
  #write(part: Part, name?: string, unsure = false): Promise<Written | undefined> {
    return this.#inSlot(async () => {
      const signal = this.#signal;
      const content = await part.content({ signal });
      const { mediaType, digest, size } = content;
      const { foreign, progress } = this.#options;
      const id = ++this.#ids;
      if (isForeignType(mediaType) && !foreign) {
        progress?.({ type: "skipped", id, mediaType, digest });
        return undefined;
      }
      progress?.({ type: "start", id, mediaType, digest, size });
      const session = this.#session(content, part.role);
      const write = (session: string | undefined) =>
        this.#target.write(this.#reporting(content, id), {
          role: part.role,
          name,
          session,
          origins: part.origins?.(),
          signal,
        });
      const written = await write(session).catch((error) => {
        if (GantryError.is(error, "digest-mismatch") && isSchema1Type(mediaType)) {
          throw notTaken(digest, error);
        }
        if (unsure && GantryError.is(error, "not-found")) return undefined;
        if (session === undefined || !GantryError.is(error, "conflict")) throw error;
        return write(undefined); // another copy has this session: each writes its own
      });
      if (written) progress?.({ type: "done", id, ...written });
      return written;
    });
  }

  #session({ digest, replayable }: Content, role: Role): string | undefined {
    const { session } = this.#options;
    if (session === undefined || digest === undefined || !replayable || role !== "blob") return undefined;
    return `${session}-${hexOf(digest).slice(0, 64)}`;
  }

  #reporting(content: Content, id: number): Content {
    const { progress } = this.#options;
    if (!progress) return content;
    return {
      ...content,
      async open(options) {
        let bytes = options?.start ?? 0;
        if (bytes > 0) progress({ type: "resumed", id, bytes });
        return observed(await content.open(options), {
          chunk: (chunk) => progress({ type: "progress", id, bytes: bytes += chunk.byteLength }),
        });
      },
    };
  }
}

function notTaken(digest: string | undefined, cause: GantryError): GantryError {
  const why =
    "it is of Docker's schema 1, whose digest is not that of its bytes: it can be copied only to registries";
  return new GantryError("unsupported", `copy ${digest}: ${why}`, { cause });
}

/** Registries refuse an image without its blobs. An index may have lost images since it was pushed. */
function isCompleteKind(role: Role, known: Address): boolean {
  return role === "manifest" && known.mediaType !== undefined && !isIndexType(known.mediaType);
}
