import process from "node:process";
import { GantryError } from "../../errors.ts";

/** What SQLite takes and gives. */
export type Value = string | number | null;

/** A prepared statement. */
export interface Statement {
  /** The first row, if there is one. */
  get(...values: Value[]): unknown;
  /** All rows. */
  all(...values: Value[]): unknown[];
  /** Runs it, and tells how many rows it changed. */
  run(...values: Value[]): { changes: number | bigint };
}

/** An open database: what `node:sqlite` and `bun:sqlite` have in common. All of it is synchronous. */
export interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

type Open = new (path: string) => Database;

/**
 * Opens a database with the SQLite that the runtime brings; its module is loaded now.
 *
 * @throws {GantryError} `unsupported` where there is none.
 */
export function openDatabase(path: string): Database {
  const modules = process.getBuiltinModule as (name: string) => Record<string, unknown> | undefined;
  const Database = (modules("bun:sqlite")?.["Database"] ?? modules("node:sqlite")?.["DatabaseSync"]) as
    | Open
    | undefined;
  if (Database) return new Database(path);
  throw new GantryError("unsupported", `open ${JSON.stringify(path)}: this runtime has no SQLite`);
}

/** What SQLite says went wrong. Deno gives the message alone, the others a number too. */
export function reasonOf(error: unknown): "busy" | "full" | "broken" | "other" | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode, errno } = error as { code?: unknown; errcode?: unknown; errno?: unknown };
  if (!/^(?:ERR_)?SQLITE_/.test(String(code))) return undefined;
  const number = Number(errcode ?? errno) & 0xff; // the rest tells more, see https://sqlite.org/rescode.html
  if (number === 5 || number === 6 || /database(?: table)? is locked/.test(error.message)) return "busy";
  if (number === 13 || /disk is full/.test(error.message)) return "full";
  if (number === 11 || number === 26 || /malformed|not a database/.test(error.message)) return "broken";
  return "other";
}
