/** A bucket in memory whose requests take effect in an order that a seed decides, and whose clock is made up. */

import { setImmediate } from "node:timers/promises";
import { type Bytes, concat, streamOf } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import type {
  Bucket,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectFacts,
  OpenObject,
  Page,
  PutOptions,
  UploadedPart,
} from "../../src/objects/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

interface Entry {
  bytes: Bytes;
  etag: string;
  modified: number;
}

/** The bucket. */
export class SimulatedBucket implements Bucket {
  readonly name = "a simulated bucket";
  readonly objects = new Map<string, Entry>();
  readonly #uploads = new Map<string, Map<number, Entry>>();
  /** Milliseconds since 1970. */
  time = 1_000_000_000_000;
  /** How many requests there were. */
  requests = 0;
  #serial = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #dice: Bytes;
  #rolled = 0;

  readonly #immediate: boolean;
  readonly #stall: number;
  readonly #compares: boolean;

  /**
   * With `immediate` requests take effect at once, by the clock of this machine: nothing has to be run. One request in
   * thirty, or its answer, is held up for as many milliseconds as `stall` at most. One that does not compare removes an
   * object whatever is expected, as many servers do, and as soon as it is asked to.
   */
  constructor(
    seed: number,
    { immediate = false, stall = 0, compares = true }: {
      immediate?: boolean | undefined;
      stall?: number | undefined;
      compares?: boolean | undefined;
    } = {},
  ) {
    this.#dice = randomBytes(65_536, seed);
    this.#immediate = immediate;
    this.#stall = stall;
    this.#compares = compares;
  }

  /** A number from 0 up to a limit, which is at most 65,536. */
  roll(limit: number): number {
    const at = 2 * (this.#rolled++ % 32_768);
    return ((this.#dice[at]! << 8) | this.#dice[at + 1]!) % limit;
  }

  /** Lets requests take effect, and time go by, until the work is done. */
  async run(work: Promise<unknown>, mostMilliseconds: number): Promise<void> {
    let done = false;
    const end = () => void (done = true);
    work.then(end, end);
    while (!done) {
      await setImmediate();
      this.time += this.roll(mostMilliseconds);
      if (this.#waiting.length > 0) this.#waiting.splice(this.roll(this.#waiting.length), 1)[0]!();
    }
    await work;
  }

  /** Waits by the clock of the bucket. */
  async sleep(milliseconds: number): Promise<void> {
    for (const end = this.time + milliseconds; this.time < end;) await setImmediate();
  }

  /** A request: it arrives at some time, and so does its answer. */
  async #request<T>(effect: () => T, { soon = false } = {}): Promise<T> {
    this.requests++;
    if (this.#immediate) {
      await setImmediate();
      this.time = Date.now();
      return effect();
    }
    if (!soon) await this.#way();
    const answer = effect();
    await this.#way();
    return answer;
  }

  async #way(): Promise<void> {
    if (this.#stall > 0 && this.roll(12) === 0) await this.sleep(this.roll(1000) / 1000 * this.#stall);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #facts(key: string): ObjectFacts | undefined {
    const entry = this.objects.get(key);
    if (!entry) return undefined;
    const { bytes, etag, modified } = entry;
    // As servers do, in whole seconds.
    const seconds = (time: number) => new Date(Math.floor(time / 1000) * 1000);
    return { key, size: bytes.byteLength, etag, modified: seconds(modified), now: seconds(this.time) };
  }

  #put(key: string, bytes: Bytes): string {
    const etag = `"${++this.#serial}"`;
    // The caller may use the memory again.
    this.objects.set(key, { bytes: bytes.slice(), etag, modified: this.time });
    return etag;
  }

  head(key: string): Promise<ObjectFacts | undefined> {
    return this.#request(() => this.#facts(key));
  }

  get(key: string, { start, end }: GetOptions = {}): Promise<OpenObject | undefined> {
    return this.#request(() => {
      const facts = this.#facts(key);
      return facts && { ...facts, body: streamOf(this.objects.get(key)!.bytes.slice(start, end)) };
    });
  }

  async put(key: string, bytes: Bytes, { expect }: PutOptions = {}): Promise<string> {
    const etag = await this.#request(() => {
      const now = this.objects.get(key)?.etag ?? null;
      return expect === undefined || expect === now ? this.#put(key, bytes) : undefined;
    });
    if (etag !== undefined) return etag;
    throw new GantryError("conflict", `put ${key}: another was faster`);
  }

  async delete(key: string, { expect }: PutOptions = {}): Promise<void> {
    const deleted = await this.#request(() => {
      const now = this.objects.get(key)?.etag;
      if (this.#compares && expect !== undefined && now !== undefined && expect !== now) return false;
      this.objects.delete(key);
      return true;
    }, { soon: !this.#compares });
    if (!deleted) throw new GantryError("conflict", `delete ${key}: another was faster`);
  }

  list({ prefix, delimiter, after = "", cursor = after, limit = 20 }: ListOptions): Promise<Page> {
    return this.#request(() => {
      const objects: ObjectFacts[] = [], prefixes: string[] = [];
      let last = cursor;
      for (const key of [...this.objects.keys()].sort()) {
        if (!key.startsWith(prefix) || key <= cursor) continue;
        const end = delimiter === undefined ? 0 : key.indexOf(delimiter, prefix.length) + 1;
        const common = key.slice(0, end);
        if (end > 0 && (common === prefixes.at(-1) || cursor.startsWith(common))) continue;
        if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: last };
        if (end > 0) prefixes.push(common);
        else objects.push(this.#facts(key)!);
        last = end > 0 ? common : key;
      }
      return { objects, prefixes };
    });
  }

  startMultipart(key: string): Promise<Multipart> {
    return this.#request(() => {
      const id = String(++this.#serial);
      this.#uploads.set(id, new Map());
      return { key, id };
    });
  }

  putPart({ id }: Multipart, number: number, bytes: Bytes): Promise<UploadedPart> {
    return this.#request(() => {
      const etag = `"${++this.#serial}"`;
      this.#parts(id).set(number, { bytes: bytes.slice(), etag, modified: this.time });
      return { number, etag };
    });
  }

  completeMultipart({ key, id }: Multipart, parts: readonly UploadedPart[]): Promise<void> {
    return this.#request(() => {
      const there = this.#parts(id);
      const bytes = parts.map(({ number, etag }) => {
        const part = there.get(number);
        if (part?.etag !== etag) throw new GantryError("storage", `complete ${key}: InvalidPart`);
        return part.bytes;
      });
      this.#put(key, concat(bytes));
      this.#uploads.delete(id);
    });
  }

  abortMultipart({ id }: Multipart): Promise<void> {
    return this.#request(() => void this.#uploads.delete(id));
  }

  #parts(id: string): Map<number, Entry> {
    const found = this.#uploads.get(id);
    if (found) return found;
    throw new GantryError("storage", "NoSuchUpload");
  }
}
