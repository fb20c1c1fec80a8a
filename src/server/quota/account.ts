import { deferred } from "../../deferred.ts";
import type { Usage } from "../../content/contracts.ts";
import { type HttpError, httpError } from "../http_error.ts";

/** What a repository may hold. What is not said is not limited. */
export type Quota = { readonly [Kind in keyof Usage]?: number | undefined };

/** Milliseconds after which it is looked at what others have done, such as another process: before a refusal, and ever. */
const [freshEnough, tooOld] = [1_000, 60_000];

const kinds = ["bytes", "manifests", "tags"] as const;

/**
 * What one repository holds, and what is being added to it. That is counted with the first request, followed from then on,
 * and counted again from time to time and before something is refused.
 */
export class Account {
  readonly #repository: string;
  readonly #quota: Quota;
  readonly #count: () => Promise<Usage>;
  readonly #now: () => number;
  #used: Usage = { bytes: 0, manifests: 0, tags: 0 };
  #countedAt = -Infinity;
  /** Whether something may have gone since. */
  #isLess = false;
  #counting: Promise<void> | undefined;
  readonly #adding = new Set<Promise<unknown>>();
  /** What is being added, by its names. */
  readonly #names = new Map<string, Promise<unknown>>();

  constructor(repository: string, quota: Quota, count: () => Promise<Usage>, now: () => number) {
    this.#repository = repository;
    this.#quota = quota;
    this.#count = count;
    this.#now = now;
  }

  /** Whether nobody is at it. */
  get isIdle(): boolean {
    return this.#names.size === 0 && this.#adding.size === 0 && this.#counting === undefined;
  }

  /** @throws {HttpError} 403 where so many bytes are more than it may ever hold. */
  requireSize(bytes: number): void {
    if (bytes > (this.#quota.bytes ?? Infinity)) throw this.#refusal("bytes", bytes);
  }

  /** @throws {HttpError} 403 where so much more is too much. */
  require(more: Quota): Promise<void> {
    return this.#whereItFits(more, () => {});
  }

  /**
   * Adds something, one after the other of all who add something of the same name: what is added twice counts once.
   *
   * @param cost Tells how much more it is, when nobody else is at it.
   * @throws {HttpError} 403 where that is too much; nothing has been added then.
   */
  async add<T>(names: readonly string[], cost: () => Promise<Quota>, work: () => Promise<T>): Promise<T> {
    for (const other of this.#others(names)) await other;
    const { promise, resolve } = deferred();
    for (const name of names) this.#names.set(name, promise);
    try {
      const more = await cost();
      const end = await this.#whereItFits(more, () => this.#begin(more));
      return await work().then((result) => (end(true), result), (error) => {
        end(false);
        throw error;
      });
    } finally {
      for (const name of names) this.#names.delete(name);
      resolve();
    }
  }

  /** Notes that something may have been removed. */
  reduced(): void {
    this.#isLess = true;
  }

  /** Whoever is at one of these names, until nobody is. */
  *#others(names: readonly string[]): Generator<Promise<unknown>, void, void> {
    for (;;) {
      const busy = names.find((name) => this.#names.has(name));
      if (busy === undefined) return;
      yield this.#names.get(busy)!;
    }
  }

  /** What comes next is done at the same moment: nobody else takes the room. */
  async #whereItFits<T>(more: Quota, next: () => T): Promise<T> {
    for (;;) {
      if (this.#counting) await this.#counting;
      else if (this.#now() - this.#countedAt > tooOld) await this.#countAgain();
      else {
        const kind = kinds.find((kind) => this.#exceeds(kind, more[kind] ?? 0));
        if (!kind) return next();
        const isFresh = !this.#isLess && this.#now() - this.#countedAt <= freshEnough;
        if (isFresh) throw this.#refusal(kind, more[kind]!);
        await this.#countAgain();
      }
    }
  }

  /** Counts what is being added, until it is told whether it has been. */
  #begin(more: Quota): (isAdded: boolean) => void {
    const { promise, resolve } = deferred();
    this.#adding.add(promise);
    this.#change(more, 1);
    return (isAdded) => {
      if (!isAdded) this.#change(more, -1);
      this.#adding.delete(promise);
      resolve();
    };
  }

  #change(more: Quota, sign: 1 | -1): void {
    for (const kind of kinds) this.#used[kind] += sign * (more[kind] ?? 0);
  }

  #exceeds(kind: keyof Usage, more: number): boolean {
    return more > 0 && this.#used[kind] + more > (this.#quota[kind] ?? Infinity);
  }

  /** Waits until nothing is being added; nothing more is meanwhile. */
  #countAgain(): Promise<void> {
    return this.#counting ??= (async () => {
      await Promise.all(this.#adding);
      this.#isLess = false;
      this.#used = { ...await this.#count() };
      this.#countedAt = this.#now();
    })().finally(() => this.#counting = undefined);
  }

  #refusal(kind: keyof Usage, more: number): HttpError {
    const [used, quota] = [this.#used[kind], this.#quota[kind]!];
    const message = `${this.#repository} has ${used} of ${quota} ${kind}: ${more} more are too many`;
    return httpError(403, "DENIED", message, { detail: { kind, quota, used, more } });
  }
}
