import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Options } from "../../content/contracts.ts";
import { ifThere, storageError } from "../../disk/errors.ts";
import { GantryError } from "../../errors.ts";
import type { Change, Entry, ListOptions, Metadata } from "../metadata.ts";
import { type Database, openDatabase, reasonOf, type Statement } from "./driver.ts";
import { unlessAborted } from "../unless_aborted.ts";
import { migrate } from "./schema.ts";

/** How long others may keep the database locked, in milliseconds. */
const patience = 60_000;
/** Behind all texts that begin with a prefix: no character comes after it. */
const last = "\u{10FFFF}";

interface Connection {
  readonly database: Database;
  readonly get: Statement;
  readonly listFrom: Statement;
  readonly listAfter: Statement;
  readonly next: Statement;
  readonly versionOf: Statement;
  readonly put: Statement;
  readonly touch: Statement;
  readonly remove: Statement;
}

/** Commits that are done together. */
interface CommitGroup {
  readonly all: { readonly changes: readonly Change[]; readonly signal: AbortSignal | undefined }[];
  readonly done: Promise<boolean[]>;
}

/** Records in a SQLite database, which several processes may have open. It comes with the first change. */
export class SqliteMetadata implements Metadata {
  readonly #path: string;
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  #closed = false;
  #group: CommitGroup | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async get(bucket: string, key: string, options: Options = {}): Promise<Entry | undefined> {
    options.signal?.throwIfAborted();
    const { get } = this.#connection ?? await this.#openIfThere() ?? {};
    if (!get) return undefined;
    try {
      // Bun gives null where there is no row.
      return get.get(bucket, key) as Entry | null ?? undefined;
    } catch (error) {
      if (reasonOf(error) !== "busy") throw this.#error("read", error);
      return await this.#retry("read", () => get.get(bucket, key) as Entry | null ?? undefined, options);
    }
  }

  async list(bucket: string, options: ListOptions = {}): Promise<Entry[]> {
    const { prefix = "", after, limit = 1000, signal } = options;
    const connection = this.#connection ?? await this.#openIfThere();
    if (!connection) return [];
    const { listFrom, listAfter } = connection;
    const list = after === undefined ? listFrom : listAfter;
    const work = () => list.all(bucket, after ?? prefix, prefix + last, limit) as Entry[];
    return await this.#retry("list", work, { signal });
  }

  async commit(changes: readonly Change[], options: Options = {}): Promise<boolean> {
    const connection = this.#connection ?? await this.#open();
    options.signal?.throwIfAborted();
    // All that is asked for until then goes in one transaction, and is flushed at once.
    const group = this.#group ??= { all: [], done: this.#commitSoon(connection) };
    const index = group.all.push({ changes, signal: options.signal }) - 1;
    return (await unlessAborted(group.done, options.signal))[index]!;
  }

  async #commitSoon(connection: Connection): Promise<boolean[]> {
    await setImmediate();
    const { all } = this.#group!;
    this.#group = undefined;
    const wanted = () => all.map(({ changes, signal }) => signal?.aborted ? [] : changes);
    return await this.#retry("change", () => commit(connection, wanted()), {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#group?.done.catch(() => {});
    const connection = await this.#opening?.catch(() => undefined);
    this.#connection = this.#opening = undefined;
    connection?.database.close();
  }

  /** Opens it to be read: nothing is made of it where there is none. */
  async #openIfThere(): Promise<Connection | undefined> {
    const isThere = await ifThere(stat(this.#path)).catch((error) => {
      throw storageError(`open ${JSON.stringify(this.#path)}`, error);
    });
    return isThere || this.#closed ? await this.#open() : undefined;
  }

  #open(): Promise<Connection> {
    if (this.#closed) {
      throw new GantryError("consumed", `open ${JSON.stringify(this.#path)}: the store has been closed`);
    }
    return this.#opening ??= this.#connect().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
  }

  async #connect(): Promise<Connection> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
    } catch (error) {
      throw storageError(`open ${JSON.stringify(this.#path)}`, error);
    }
    return this.#connection = await this.#retry("open", () => connect(this.#path), {});
  }

  /** Does synchronous work, again and again while another process has the database locked. */
  async #retry<T>(action: string, work: () => T, { signal }: Options): Promise<T> {
    const end = performance.now() + patience;
    for (let pause = 1;; pause = Math.min(pause * 2, 64)) {
      signal?.throwIfAborted();
      try {
        return work();
      } catch (error) {
        if (reasonOf(error) !== "busy" || performance.now() > end) throw this.#error(action, error);
      }
      // All who wait look again at different times, so that one of them gets on.
      await setTimeout(pause * (0.5 + Math.random()), undefined, signal && { signal }).catch(() => {});
    }
  }

  #error(action: string, error: unknown): unknown {
    const reason = reasonOf(error);
    if (reason === undefined) return error;
    const [code, words] = {
      busy: ["unavailable", "other processes keep it locked"] as const,
      full: ["storage", "no space left on the disk"] as const,
      broken: ["invalid-document", "it is broken, or no database of Gantry"] as const,
      other: ["storage", (error as Error).message] as const,
    }[reason];
    return new GantryError(code, `${action} ${JSON.stringify(this.#path)}: ${words}`, { cause: error });
  }
}

function connect(path: string): Connection {
  const database = openDatabase(path);
  try {
    migrate(database, path);
    return {
      database,
      get: database.prepare("SELECT key, value, version FROM records WHERE bucket = ? AND key = ?"),
      listFrom: database.prepare(listing(">=")),
      listAfter: database.prepare(listing(">")),
      next: database.prepare("UPDATE state SET version = version + 1 RETURNING version"),
      versionOf: database.prepare("SELECT version FROM records WHERE bucket = ? AND key = ?"),
      put: database.prepare(
        "INSERT INTO records (bucket, key, version, value) VALUES (?, ?, ?, ?) " +
          "ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value",
      ),
      touch: database.prepare("UPDATE records SET version = ? WHERE bucket = ? AND key = ?"),
      remove: database.prepare("DELETE FROM records WHERE bucket = ? AND key = ?"),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function listing(from: ">" | ">="): string {
  return `SELECT key, value, version FROM records WHERE bucket = ? AND key ${from} ? AND key < ? ORDER BY key LIMIT ?`;
}

/**
 * One transaction: no other process writes meanwhile, and no one here, as nothing of it waits. Of several commits each is
 * done or not, as what it expects is there after those before it.
 */
function commit(connection: Connection, all: readonly (readonly Change[])[]): boolean[] {
  const { database, next } = connection;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Versions are never used again, not even by a record that comes back after it was removed.
    const done = all.map((changes) => {
      if (!changes.every((change) => isExpected(connection, change))) return false;
      const { version } = next.get() as { version: number };
      for (const change of changes) apply(connection, change, version);
      return true;
    });
    database.exec(done.includes(true) ? "COMMIT" : "ROLLBACK");
    return done;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function isExpected({ versionOf }: Connection, { bucket, key, value, expect }: Change): boolean {
  if (value !== undefined && expect === undefined) return true;
  const now = versionOf.get(bucket, key) as { version: number } | null | undefined;
  return expect === undefined ? !!now : (now?.version ?? null) === expect;
}

function apply({ touch, remove, put }: Connection, { bucket, key, value }: Change, version: number): void {
  if (value === undefined) touch.run(version, bucket, key);
  else if (value === null) remove.run(bucket, key);
  else put.run(bucket, key, version, value);
}

/** A full disk may have rolled it back already: https://sqlite.org/lang_transaction.html */
function rollBack(database: Database): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // there was nothing left to roll back
  }
}
