import type { Bytes } from "../bytes.ts";
import type { Ingest, Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { algorithmOf, type Digest, parseDigest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { bad, checkLabels, type Labels } from "./labels.ts";
import type { Namespace } from "./namespace.ts";
import { type ContentInfo, contentOf, valueOf } from "./records.ts";
import { sessionOf } from "./sessions.ts";

/** How to open a write. */
export interface WriterOptions extends Options {
  /** What the bytes will hash to. Default: whatever they do. */
  expected?: Digest | undefined;
  /** How many bytes there will be. A write that was begun with another number begins anew. Default: as many as come. */
  total?: number | undefined;
}

/** How to end a write. */
export interface CommitOptions extends Options {
  /** How many bytes there must be. Default: those that were announced, if any were. */
  size?: number | undefined;
  /** What they must hash to. Default: what was expected, if anything was. */
  digest?: Digest | undefined;
  /** Labels of the content. Default: none. */
  labels?: Labels | undefined;
}

/** How records of writes in the making are written. */
export interface IngestValue {
  session: string;
  startedAt: number;
  total?: number;
  expected?: Digest;
}

/** A write in the making, open. */
export class ContentWriter implements AsyncDisposable {
  /** What it is called. */
  readonly ref: string;
  readonly #namespace: Namespace;
  readonly #ingest: Ingest;
  readonly #value: IngestValue;

  private constructor(ref: string, namespace: Namespace, ingest: Ingest, value: IngestValue) {
    this.ref = ref;
    this.#namespace = namespace;
    this.#ingest = ingest;
    this.#value = value;
  }

  /** For {@link ContentStore.writer}. */
  static async open(namespace: Namespace, ref: string, options: WriterOptions): Promise<ContentWriter> {
    const { expected, total, signal } = options;
    const { shared, buckets } = namespace;
    const action = `write ${JSON.stringify(ref)}`;
    if (ref === "") throw bad(namespace.where(action), "a write needs a ref");
    if (expected !== undefined && await isHere(namespace, parseDigest(expected))) {
      throw new GantryError("conflict", `${namespace.where(action)}: ${expected} is here already`);
    }
    const session = await sessionOf(namespace.name, ref);
    const open = () =>
      shared.sessions.open(session, { algorithm: expected && algorithmOf(expected), signal });
    let ingest = await open();
    try {
      const entry = await shared.metadata.get(buckets.ingests, ref);
      const before = entry && valueOf<IngestValue>(entry);
      if (before && before.total !== total && ingest.offset > 0) {
        await ingest.abort();
        ingest = await open();
      }
      const value: IngestValue = {
        session,
        startedAt: before && ingest.offset > 0 ? before.startedAt : shared.now(),
        ...(total !== undefined && { total }),
        ...(expected !== undefined && { expected }),
      };
      await namespace.change(() =>
        Promise.resolve({
          changes: [{ bucket: buckets.ingests, key: ref, value: JSON.stringify(value) }],
          result: undefined,
        }), options);
      return new ContentWriter(ref, namespace, ingest, value);
    } catch (error) {
      await ingest.close();
      throw error;
    }
  }

  /** How many bytes are there. */
  get offset(): number {
    return this.#ingest.offset;
  }

  /**
   * Adds bytes, which must begin where the last ones ended, and tells how many there are then.
   *
   * @throws {GantryError} `conflict` when `at` is not the offset, or when it is closed.
   */
  append(bytes: ReadableStream<Bytes>, at: number, options?: Options): Promise<number> {
    return this.#ingest.append(bytes, at, options);
  }

  /**
   * Ends it: the bytes become content. Content that is here already is fine.
   *
   * @throws {GantryError} `size-mismatch` and `digest-mismatch`, the bytes stay then; `conflict` when it is closed.
   */
  async commit(options: CommitOptions = {}): Promise<ContentInfo> {
    const { size = this.#value.total, digest = this.#value.expected, labels = {} } = options;
    const { shared, buckets, name } = this.#namespace;
    const action = `commit write ${JSON.stringify(this.ref)}`;
    const checked = checkLabels(labels, this.#namespace.where(action));
    if (digest !== undefined) parseDigest(digest);
    if (size !== undefined && size !== this.offset) {
      throw new GantryError(
        "size-mismatch",
        `${this.#namespace.where(action)}: ${this.offset} bytes, expected ${size}`,
      );
    }
    const committing = () =>
      this.#namespace.leased(async () => {
        const committed = await this.#ingest.commit(digest);
        return await this.#namespace.change(async () => {
          const entry = await shared.metadata.get(buckets.content, committed.digest);
          const text = this.#namespace.contentText({ size: committed.size, labels: checked });
          const record = entry
            ? { bucket: buckets.content, key: entry.key }
            : { bucket: buckets.content, key: committed.digest, value: text, expect: null };
          return {
            changes: [record, { bucket: buckets.ingests, key: this.ref, value: null }],
            result: contentOf(entry ?? { key: committed.digest, value: text, version: 0 }),
          };
        }, options);
      });
    const info = await this.#namespace.do(action, options, committing);
    shared.events.emit({ type: "content-created", namespace: name, digest: info.digest });
    return info;
  }

  /** Lets go of it; what is there stays for the next one who opens it. */
  close(): Promise<void> {
    return this.#ingest.close();
  }

  /** Lets go of it, as {@link ContentWriter.close} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Whether content is in a namespace, or in another one: then it is in this one too from now on. */
async function isHere(namespace: Namespace, digest: Digest): Promise<boolean> {
  const { shared } = namespace;
  const facts = await shared.blobs.facts(digest);
  if (!facts) return false;
  await namespace.leased(() =>
    namespace.change(async () => ({
      changes: await namespace.referTo({ digest, size: facts.size, mediaType: mediaTypes.octetStream }),
      result: undefined,
    }))
  );
  return true;
}
