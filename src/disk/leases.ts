import type { FileHandle } from "node:fs/promises";
import { link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "../bytes.ts";
import type { Lease, LeaseOptions, Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { isFileName, namesIn } from "./directory.ts";
import { errno, ifThere } from "./errors.ts";
import { factsOf, writeAll } from "./files.ts";
import type { GantryDirectory } from "./gantry_directory.ts";
import type { TemporaryFile } from "./replace.ts";
import { heartbeat, isAlive, isSameProcess, type Owner, parseOwner, thisOwner } from "./process_identity.ts";

/** What a lease's file says. */
interface Record {
  /** Whether it holds: until it expires or, without an end, as long as one of its owners lives. */
  readonly alive: boolean;
  /** Whether another process holds it, and no end was set. */
  readonly taken: boolean;
  readonly expires: Date | undefined;
  readonly digests: readonly Digest[];
}

/**
 * What is not to be collected although nothing refers to it yet. Each lease is a file of its name. A line is either a
 * header, JSON that says who holds the lease and until when, or a digest to be kept. Lines are only ever added, so that
 * several processes may hold one lease: the last header tells its end, and any owner that lives keeps it.
 */
export class Leases {
  readonly #directory: string;
  readonly #state: GantryDirectory;
  readonly #held = new Set<HeldLease>();

  constructor(state: GantryDirectory) {
    this.#directory = join(state.directory, "leases");
    this.#state = state;
  }

  /** Whether any is held here. */
  get areHeld(): boolean {
    return this.#held.size > 0;
  }

  /** Takes a lease, or takes one over. Without a name or an end its file comes with the first digest. */
  async take({ id, expires, signal }: LeaseOptions = {}): Promise<Lease> {
    signal?.throwIfAborted();
    if (id !== undefined && !isFileName(id)) {
      throw new GantryError("invalid-name", `take lease ${JSON.stringify(id)}: not a lease's name`);
    }
    if (id !== undefined && !expires && [...this.#held].some((held) => held.id === id && !held.over)) {
      throw new GantryError("conflict", `take lease ${id}: it is held already`);
    }
    const end = this.#state.hold();
    const lease = new HeldLease(id ?? crypto.randomUUID(), expires, {
      named: id !== undefined,
      directory: this.#directory,
      createTemporary: () => this.#state.createTemporary(),
      ended: () => this.#held.delete(lease),
      end: async () => {
        await this.sweep().catch(() => {}); // those of killed processes would keep the directory of leases
        await end();
      },
    });
    this.#held.add(lease);
    try {
      if (id !== undefined || expires !== undefined) await lease.open();
    } catch (error) {
      this.#held.delete(lease);
      await end();
      throw error;
    }
    return lease;
  }

  /** Writes a digest down in every lease that is held here. */
  async note(digest: Digest): Promise<void> {
    await Promise.all([...this.#held].map((lease) => lease.note(digest)));
  }

  /** Every digest that a lease keeps, whoever holds it. */
  async noted(): Promise<Set<Digest>> {
    const all = new Set<Digest>();
    for (const name of await namesIn(this.#directory)) {
      const { alive, digests } = await readRecord(join(this.#directory, name));
      if (alive) { for (const digest of digests) all.add(digest); }
    }
    return all;
  }

  /** The leases that hold, of all processes. Disposing of one ends it. */
  async *list({ signal }: Options = {}): AsyncGenerator<Lease, void, void> {
    const own = new Map([...this.#held].map((lease) => [lease.id, lease]));
    for (const id of new Set([...own.keys(), ...await namesIn(this.#directory)])) {
      signal?.throwIfAborted();
      const path = join(this.#directory, id);
      const held = own.get(id);
      if (held && !held.begun) yield held;
      else {
        const { alive, expires } = await readRecord(path);
        if (alive) yield held ?? { id, expires, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
      }
    }
  }

  /** Removes the leases that have expired, and those of processes that are dead. */
  async sweep(): Promise<void> {
    for (const name of await namesIn(this.#directory)) {
      const path = join(this.#directory, name);
      if ((await readRecord(path)).alive) continue;
      // Somebody may take it over at this moment: it is looked at once more when nobody can find it any longer.
      const { path: gone, file } = await this.#state.createTemporary();
      await file.close();
      if (!await ifThere(rename(path, gone).then(() => true))) {
        await rm(gone, { force: true });
        continue;
      }
      if ((await readRecord(gone)).alive) await rename(gone, path);
      else await rm(gone, { force: true });
    }
  }
}

interface LeaseFiles {
  /** Whether others may take the lease by its name. */
  readonly named: boolean;
  /** Where the files of leases are. */
  readonly directory: string;
  /** Makes a temporary file. */
  createTemporary(): Promise<TemporaryFile>;
  /** Called when the lease ends. */
  ended(): void;
  /** Called when its file is gone. */
  end(): Promise<void>;
}

/** A lease that is held here. */
class HeldLease implements Lease {
  readonly id: string;
  readonly expires: Date | undefined;
  readonly #noted = new Set<Digest>();
  readonly #at: LeaseFiles;
  #opening: Promise<FileHandle> | undefined;
  #begun = false;
  #stop = () => {};
  #ending: Promise<void> | undefined;

  constructor(
    id: string,
    expires: Date | undefined,
    at: LeaseFiles,
  ) {
    this.id = id;
    this.expires = expires;
    this.#at = at;
  }

  /** Whether its end has come. */
  get over(): boolean {
    return this.expires !== undefined && this.expires.getTime() <= Date.now();
  }

  /** Whether it has a file. Without a name or an end, that comes with the first digest. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Its file, open for more lines. */
  open(): Promise<FileHandle> {
    return this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
  }

  async note(digest: Digest): Promise<void> {
    const file = await this.open();
    if (this.#noted.has(digest)) return;
    await writeAll(file, utf8(`${digest}\n`));
    this.#noted.add(digest);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #open(): Promise<FileHandle> {
    const path = join(this.#at.directory, this.id);
    const header = `${JSON.stringify({ ...await thisOwner(), expires: this.expires?.toISOString() })}\n`;
    for (;;) {
      const record = await readRecord(path);
      if (record.taken) {
        throw new GantryError("conflict", `take lease ${this.id}: another process holds it`);
      }
      const file = record.digests.length > 0 || await factsOf(path)
        ? await this.#takeOver(path, header)
        : await this.#create(path, header);
      if (!file) continue;
      this.#stop = heartbeat(file);
      this.#begun = true;
      return file;
    }
  }

  /** Makes a file that is there with its header or not at all; nothing where another process was faster. */
  async #create(path: string, header: string): Promise<FileHandle | undefined> {
    const { path: temporary, file } = await this.#at.createTemporary();
    try {
      await writeAll(file, utf8(header));
      if (this.expires) await file.sync();
      if (!this.#at.named) await rename(temporary, path);
      else await link(temporary, path);
      return file;
    } catch (error) {
      await file.close();
      if (errno(error) === "EEXIST") return undefined;
      if (errno(error) !== "ENOENT") throw error;
      // The directory comes with the first file, and another process may remove it at any moment.
      await ifThere(mkdir(this.#at.directory, { recursive: true }));
      return undefined;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Adds a header to a file that is there; nothing where it is swept away meanwhile. */
  async #takeOver(path: string, header: string): Promise<FileHandle | undefined> {
    const file = await ifThere(open(path, "a"));
    if (!file) return undefined;
    // Its last line may have been cut short by a kill.
    await writeAll(file, utf8(`\n${header}`));
    if (this.expires) await file.sync();
    if ((await factsOf(path))?.ino === (await file.stat()).ino) return file;
    await file.close();
    return undefined;
  }

  async #end(): Promise<void> {
    this.#at.ended();
    const file = await this.#opening?.catch(() => undefined);
    if (file) {
      this.#stop();
      await file.close();
      await rm(join(this.#at.directory, this.id), { force: true });
    }
    await this.#at.end();
  }
}

async function readRecord(path: string): Promise<Record> {
  const [text, facts] = [await ifThere(readFile(path, "utf8")), await ifThere(factsOf(path))];
  if (text === undefined || !facts) return { alive: false, taken: false, expires: undefined, digests: [] };
  const lines = text.split("\n");
  const headers = lines.filter((line) => line.startsWith("{"));
  const owners = headers.map(parseOwner).filter((owner) => owner !== undefined);
  const expires = expiryIn(headers.at(-1));
  const living = await livingOwners(owners, facts.changed);
  const us = await thisOwner();
  return {
    alive: expires ? Date.now() < expires.getTime() : living.length > 0,
    taken: !expires && living.some((owner) => !isSameProcess(owner, us)),
    expires,
    digests: lines.filter(isDigest),
  };
}

async function livingOwners(owners: readonly Owner[], touched: number): Promise<Owner[]> {
  const alive = await Promise.all(owners.map((owner) => isAlive(owner, touched)));
  return owners.filter((_, i) => alive[i]);
}

/** When a lease ends by itself, if its header says so. */
function expiryIn(header: string | undefined): Date | undefined {
  try {
    const { expires } = JSON.parse(header ?? "{}") as { expires?: unknown };
    const date = typeof expires === "string" ? new Date(expires) : undefined;
    return date && !Number.isNaN(date.getTime()) ? date : undefined;
  } catch {
    return undefined; // cut short
  }
}
