/** How many are remembered, and how many of their uploads. */
const [mostNames, mostUploads] = [10_000, 100_000];

/** How many requests may come in a second, and at once. */
export interface Rate {
  requests?: number | undefined;
  burst?: number | undefined;
}

/** What somebody may still do. */
export class Allowance {
  /** How many requests of theirs are sending something. */
  sending = 0;
  readonly #rate: number;
  readonly #burst: number;
  /** The requests that may come at once, as of `#at`. */
  #left: number;
  #at: number;
  /** The uploads that are not ended, by their paths, with the time of their last request; the oldest come first. */
  readonly #uploads = new Map<string, number>();
  #beginning = 0;
  #running = 0;

  constructor({ requests = Infinity, burst = Math.max(1, requests) }: Rate, now: number) {
    this.#rate = requests;
    this.#burst = this.#left = burst;
    this.#at = now;
  }

  /** Takes one request, and tells how many milliseconds too early it comes. */
  take(now: number): number {
    if (this.#rate === Infinity) return 0;
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#rate / 1000);
    this.#at = now;
    if (this.#left < 1) return (1 - this.#left) * 1000 / this.#rate;
    this.#left--;
    return 0;
  }

  /** Counts a request until the function that it gives is called. */
  begin({ sends, begins }: { sends: boolean; begins: boolean }): () => void {
    this.#running++;
    this.sending += Number(sends);
    this.#beginning += Number(begins);
    return () => {
      this.#running--;
      this.sending -= Number(sends);
      this.#beginning -= Number(begins);
    };
  }

  /** How many uploads there are that are not ended, those that are being begun too. */
  get openUploads(): number {
    return this.#uploads.size + this.#beginning;
  }

  /** Whether a request of theirs is under way. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  has(path: string): boolean {
    return this.#uploads.has(path);
  }

  touch(path: string, now: number): void {
    this.#uploads.delete(path);
    this.#uploads.set(path, now);
  }

  forget(path: string): void {
    this.#uploads.delete(path);
  }

  /** The upload that has waited for the longest time, since before this one, and since when. */
  oldest(before: number): readonly [path: string, touched: number] | undefined {
    const [first] = this.#uploads;
    return first && first[1] < before ? first : undefined;
  }
}

/** What many may still do, each by a name. */
export class Allowances {
  readonly #rate: Rate;
  /** Those who have come last are last. */
  readonly #known = new Map<string, Allowance>();
  #uploads = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  of(name: string, now: number): Allowance {
    const found = this.#known.get(name) ?? new Allowance(this.#rate, now);
    this.#known.delete(name);
    this.#known.set(name, found);
    return found;
  }

  /** Notes that there are so many uploads more, and forgets whoever has not come for the longest time where it is too much. */
  bound(uploads: number): void {
    this.#uploads += uploads;
    for (const [name, { isBusy, openUploads }] of this.#known) {
      if (this.#known.size <= mostNames && this.#uploads <= mostUploads) return;
      if (isBusy) continue;
      this.#uploads -= openUploads;
      this.#known.delete(name);
    }
  }
}
