import { type Bytes, concat } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Bucket, Multipart, UploadedPart } from "./bucket.ts";

/** How many parts of one upload are on their way at once; each is held in memory until it is there. */
const concurrency = 2;
/** S3's and R2's limit. */
const mostParts = 10_000;

/** A part on its way. */
interface Part {
  readonly bytes: Bytes;
  sending: Promise<void>;
  failure: { error: unknown } | undefined;
}

/** The parts of an upload: some are there, a few on their way. */
export class Parts {
  readonly multipart: Multipart;
  readonly #bucket: Bucket;
  /** By number, from 1. */
  readonly #done: (UploadedPart | undefined)[];
  readonly #pending = new Map<number, Part>();
  /** Memory of parts that are there. */
  readonly #spare: ArrayBuffer[] = [];
  #count: number;

  constructor(bucket: Bucket, multipart: Multipart, done: readonly UploadedPart[] = []) {
    this.#bucket = bucket;
    this.multipart = multipart;
    this.#done = [...done];
    this.#count = done.length;
  }

  /** How many there are, those on their way too. */
  get count(): number {
    return this.#count;
  }

  /** Sends the next part, once there is room. */
  async add(pieces: readonly Bytes[], options: Options = {}): Promise<void> {
    if (this.#count === mostParts) {
      throw new GantryError(
        "too-large",
        `write to ${this.#bucket.name}: more than ${mostParts} parts; open it with a larger partSize`,
      );
    }
    while (this.#pending.size >= concurrency) await this.#settle(this.#pending.keys().next().value!, options);
    const number = ++this.#count;
    const bytes = concat(pieces, undefined, this.#spare.pop());
    const part: Part = { bytes, sending: Promise.resolve(), failure: undefined };
    this.#pending.set(number, part);
    this.#send(number, part, options);
  }

  /** Waits until all are there, and tells which. What could not be sent is sent again. */
  async settled(options: Options = {}): Promise<readonly UploadedPart[]> {
    for (const number of [...this.#pending.keys()]) await this.#settle(number, options);
    return this.#done.map((part) => part!);
  }

  /** Waits until nothing is on its way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#pending.values()].map(({ sending }) => sending));
  }

  #send(number: number, part: Part, { signal }: Options): void {
    part.failure = undefined;
    part.sending = this.#bucket.putPart(this.multipart, number, part.bytes, { signal }).then(
      (uploaded) => {
        this.#done[number - 1] = uploaded;
        this.#pending.delete(number);
        this.#spare.push(part.bytes.buffer);
      },
      (error) => void (part.failure = { error }),
    );
  }

  /** Waits for a part; where it failed before, it is tried once more. */
  async #settle(number: number, options: Options): Promise<void> {
    const part = this.#pending.get(number);
    if (!part) return;
    await part.sending;
    if (!part.failure) return;
    options.signal?.throwIfAborted();
    this.#send(number, part, options);
    await part.sending;
    if (part.failure) throw (part.failure as { error: unknown }).error;
  }
}
