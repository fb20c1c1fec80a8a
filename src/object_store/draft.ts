import type { Options } from "../content/contracts.ts";
import type { Change } from "../store/metadata.ts";
import type { Cell } from "./root.ts";
import type { Snapshot } from "./snapshot.ts";

/** Which record has to be there for another one to be made; it gets a new version with that. */
export type Requires = (bucket: string, key: string) => { bucket: string; key: string } | undefined;

/** What a record is called among all records, in the order of their buckets and then of their keys. */
export function nameOf(bucket: string, key: string): string {
  return `${bucket}\n${key}`;
}

/** What several changes make of the records that there are. */
export class Draft {
  readonly #snapshot: Snapshot;
  readonly #requires: Requires;
  readonly #options: Options;
  readonly #changed = new Map<string, Cell>();
  #serial: number;

  constructor(snapshot: Snapshot, requires: Requires, options: Options = {}) {
    this.#snapshot = snapshot;
    this.#requires = requires;
    this.#options = options;
    this.#serial = snapshot.root.serial;
  }

  /** Does all changes or none, and tells which. */
  async apply(changes: readonly Change[]): Promise<boolean> {
    // Pages are read side by side.
    const all = await Promise.all(changes.map(async (change) => ({
      change,
      isExpected: await this.#isExpected(change),
      required: await this.#required(change),
    })));
    if (!all.every(({ isExpected, required }) => isExpected && required !== "missing")) return false;
    const version = ++this.#serial;
    for (const { change: { bucket, key, value }, required } of all) {
      const name = nameOf(bucket, key);
      if (value !== undefined) this.#changed.set(name, [name, version, value]);
      else await this.#touch(name, version);
      if (required !== undefined) await this.#touch(required, version);
    }
    return true;
  }

  get serial(): number {
    return this.#serial;
  }

  /** The cells that changed last, those of the snapshot with them. */
  get tail(): Cell[] {
    const all = new Map(this.#snapshot.root.tail.map((cell) => [cell[0], cell]));
    for (const [name, cell] of this.#changed) all.set(name, cell);
    // Also those of what is gone: somebody may just be putting into a page that it is there.
    return [...all.values()];
  }

  async #isExpected({ bucket, key, value, expect }: Change): Promise<boolean> {
    if (expect === undefined && value !== undefined) return true;
    const now = await this.#find(nameOf(bucket, key));
    return expect === undefined ? now !== undefined : (now?.[1] ?? null) === expect;
  }

  /** What has to be there for a record to be made; nothing for one that is there. */
  async #required({ bucket, key, value }: Change): Promise<string | "missing" | undefined> {
    if (typeof value !== "string") return undefined;
    const required = this.#requires(bucket, key);
    if (!required || await this.#find(nameOf(bucket, key))) return undefined;
    const name = nameOf(required.bucket, required.key);
    return await this.#find(name) ? name : "missing";
  }

  async #touch(name: string, version: number): Promise<void> {
    const cell = await this.#find(name);
    if (cell) this.#changed.set(name, [name, version, cell[2]]);
  }

  async #find(name: string): Promise<Cell | undefined> {
    const cell = this.#changed.get(name) ?? await this.#snapshot.find(name, this.#options);
    return cell && cell[2] !== null ? cell : undefined;
  }
}
