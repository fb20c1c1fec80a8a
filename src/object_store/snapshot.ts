import type { Options } from "../content/contracts.ts";
import { compareBytes, lowerBound } from "./order.ts";
import type { Pages } from "./pages.ts";
import type { Cell, Root, Run } from "./root.ts";

/** All records as they were at some moment. */
export class Snapshot {
  readonly root: Root;
  /** Of the root's object; null where there is none. */
  readonly etag: string | null;
  readonly #pages: Pages;
  readonly #tail: ReadonlyMap<string, Cell>;
  #sorted: readonly Cell[] | undefined;

  constructor(root: Root, etag: string | null, pages: Pages) {
    this.root = root;
    this.etag = etag;
    this.#pages = pages;
    this.#tail = new Map(root.tail.map((cell) => [cell[0], cell]));
  }

  /** The cell of a name, also of what was removed. */
  async find(name: string, options: Options = {}): Promise<Cell | undefined> {
    const changed = this.#tail.get(name);
    if (changed) return changed;
    for (const { pages } of this.root.runs) {
      const page = pages[pageOf(pages, name)];
      if (!page) continue;
      const cells = await this.#pages.read(page, options);
      const cell = cells[lowerBound(cells, name, nameOf)];
      if (cell?.[0] === name) return cell;
    }
    return undefined;
  }

  /** The cells from a name on, in order, the first of each name; also of what was removed. */
  range(from: string, options: Options = {}): AsyncGenerator<Cell, void, void> {
    const sorted = this.#sorted ??= sortedCells(this.root.tail);
    const tail = sorted.slice(lowerBound(sorted, from, nameOf));
    return merged([tail, ...this.root.runs.map((run) => cellsFrom(run, from, this.#pages, options))]);
  }
}

/** Cells in the order of their names. */
export function sortedCells(cells: readonly Cell[]): readonly Cell[] {
  return [...cells].sort((a, b) => compareBytes(a[0], b[0]));
}

/** The cells of a run from a name on. */
export async function* cellsFrom(
  { pages }: Run,
  from: string,
  reader: Pages,
  options: Options,
): AsyncGenerator<Cell, void, void> {
  for (let at = Math.max(0, pageOf(pages, from)); at < pages.length; at++) {
    const cells = await reader.read(pages[at]!, options);
    for (let i = lowerBound(cells, from, nameOf); i < cells.length; i++) yield cells[i]!;
  }
}

/** Cells of several sources in one order; of several of one name only that of the first source. */
export async function* merged(
  sources: readonly (AsyncIterable<Cell> | Iterable<Cell>)[],
): AsyncGenerator<Cell, void, void> {
  const heads: { cell: Cell; next: () => Promise<Cell | undefined> }[] = [];
  for (const source of sources) {
    const next = nextOf(source);
    const cell = await next();
    if (cell) heads.push({ cell, next });
  }
  while (heads.length > 0) {
    let least = heads[0]!;
    for (const head of heads) if (compareBytes(head.cell[0], least.cell[0]) < 0) least = head;
    const [name] = least.cell;
    yield least.cell;
    for (let i = heads.length - 1; i >= 0; i--) {
      const head = heads[i]!;
      if (head.cell[0] !== name) continue;
      const cell = await head.next();
      if (cell) head.cell = cell;
      else heads.splice(i, 1);
    }
  }
}

function nextOf(source: AsyncIterable<Cell> | Iterable<Cell>): () => Promise<Cell | undefined> {
  const iterator = Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : (source as Iterable<Cell>)[Symbol.iterator]();
  return async () => (await iterator.next()).value as Cell | undefined;
}

/** The page that a name is in, if it is in one: the last that does not begin behind it. */
function pageOf(pages: Run["pages"], name: string): number {
  const at = lowerBound(pages, name, ({ first }) => first);
  return pages[at]?.first === name ? at : at - 1;
}

function nameOf([name]: Cell): string {
  return name;
}
