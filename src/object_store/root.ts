import { type Bytes, text, utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/**
 * A record as it is kept: what it is called, which of its versions this is, and what it says; null where it was removed
 * and what is older still says it.
 */
export type Cell = readonly [name: string, version: number, value: string | null];

/** Where some records are: an object that is never changed. */
export interface PageFacts {
  /** What its key ends with. */
  readonly id: string;
  /** The name of its first record. */
  readonly first: string;
  /** Bytes. */
  readonly size: number;
}

/** Records in the order of their names, some in each page. */
export interface Run {
  readonly pages: readonly PageFacts[];
}

/**
 * All records: those that changed last, and where the others are. Of several of one name the first counts: the tail
 * goes before the runs, and a run before those behind it.
 */
export interface Root {
  readonly format: 1;
  /** The last version that was given. */
  readonly serial: number;
  /** How often it was put. */
  readonly puts: number;
  /** Raised when pages are removed to which it did not lead: who put some before that may not refer to them. */
  readonly epoch: number;
  /** How often its runs were others: who has read some to merge them sees whether they still are what they were. */
  readonly merges: number;
  /** The last ones who put it: whoever did not get the answer finds itself here. */
  readonly recent: readonly string[];
  readonly tail: readonly Cell[];
  readonly runs: readonly Run[];
}

/** What there is before the first change. */
export const emptyRoot: Root = {
  format: 1,
  serial: 0,
  puts: 0,
  epoch: 0,
  merges: 0,
  recent: [],
  tail: [],
  runs: [],
};

/** How many of the last ones are remembered. */
const mostRecent = 64;

/** Bytes of a root: a million records and their changes need a few hundred kilobytes. */
export const rootLimit: number = 64 * 1024 * 1024;

/** The same root once somebody has changed it. */
export function changedRoot(root: Root, by: string, change: Partial<Root>): Root {
  return { ...root, ...change, puts: root.puts + 1, recent: [...root.recent, by].slice(-mostRecent) };
}

/** Whether somebody has put one of the roots from `before` to `after`; undefined where that is no longer known. */
export function wasPut(before: Root, after: Root, by: string): boolean | undefined {
  if (after.recent.includes(by)) return true;
  return after.puts - before.puts < mostRecent ? false : undefined;
}

/** How many bytes a run has. */
export function sizeOf({ pages }: Run): number {
  return pages.reduce((sum, { size }) => sum + size, 0);
}

/** The pages that a root leads to. */
export function pagesOf({ runs }: Root): Set<string> {
  return new Set(runs.flatMap(({ pages }) => pages.map(({ id }) => id)));
}

/** A root as an object's bytes. */
export function rootBytes(root: Root): Bytes {
  return utf8(JSON.stringify(root));
}

/** Reads a root. */
export function parseRoot(bytes: Bytes, what: string): Root {
  const root = parse(bytes, what) as Partial<Root> | null;
  if (root?.format === 1 && Array.isArray(root.tail) && Array.isArray(root.runs)) return root as Root;
  const newer = typeof root?.format === "number" && root.format > 1;
  throw new GantryError(
    newer ? "unsupported" : "invalid-document",
    `read ${what}: ${newer ? "a newer version of Gantry made it, use that one" : "it is not ours"}`,
  );
}

/** Cells as an object's bytes. */
export function cellBytes(cells: readonly Cell[]): Bytes {
  return utf8(JSON.stringify(cells));
}

/** Reads cells. */
export function parseCells(bytes: Bytes, what: string): readonly Cell[] {
  const cells = parse(bytes, what);
  if (Array.isArray(cells)) return cells;
  throw new GantryError("invalid-document", `read ${what}: it is not ours`);
}

function parse(bytes: Bytes, what: string): unknown {
  try {
    return JSON.parse(text(bytes, what));
  } catch (cause) {
    throw new GantryError("invalid-document", `read ${what}: it is broken`, { cause });
  }
}
