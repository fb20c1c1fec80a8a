import type { Pages } from "./pages.ts";
import { type Cell, cellBytes, type Run, sizeOf } from "./root.ts";
import type { RootObject } from "./root_object.ts";
import { cellsFrom, merged, sortedCells } from "./snapshot.ts";

/** Bytes of a tail, about: it is read and put with every change. */
export const tidySize: number = 48 * 1024;
/** A run is merged with what is newer once that is so large a part of it. */
const ratio = 4;

/**
 * Puts the tail into pages, together with the runs that are not much larger: so there are few runs, and a record is
 * written again a few times at most. What others change meanwhile stays in the tail.
 */
export async function tidy(root: RootObject, pages: Pages): Promise<void> {
  const { root: { tail, runs, epoch, merges } } = await root.look();
  const old = runsToMerge(tail, runs);
  if (tail.length === 0 && old.length < 2) return;
  const isLast = old.length === runs.length;
  const sources = [sortedCells(tail), ...old.map((run) => cellsFrom(run, "", pages, {}))];
  const run = await pages.write(isLast ? thatAreThere(merged(sources)) : merged(sources));
  let isDone = false, isUncertain = false;
  try {
    await root.change(({ root: now }) => {
      // Whoever was faster has put what is newer there.
      isDone = now.epoch === epoch && now.merges === merges;
      if (!isDone) return Promise.resolve(undefined);
      const put = new Map(tail.map(([name, version]) => [name, version]));
      const left = now.tail.filter(([name, version]) => put.get(name) !== version);
      const newer = run.pages.length > 0 ? [run] : [];
      const others = now.runs.slice(old.length);
      return Promise.resolve({ tail: left, runs: [...newer, ...others], merges: merges + 1 });
    });
  } catch (error) {
    isUncertain = true; // it may still be done: then nothing may be removed
    throw error;
  } finally {
    const unneeded = isDone ? old.flatMap(({ pages }) => pages) : run.pages;
    if (!isUncertain) await pages.remove(unneeded.map(({ id }) => id));
  }
}

/** The newest runs that together with the tail are not small beside the next one. */
function runsToMerge(tail: readonly Cell[], runs: readonly Run[]): readonly Run[] {
  let size = cellBytes(tail).byteLength;
  let count = 0;
  while (count < runs.length && sizeOf(runs[count]!) < ratio * size) size += sizeOf(runs[count++]!);
  return runs.slice(0, count);
}

/** Nothing older says what was removed. */
async function* thatAreThere(cells: AsyncIterable<Cell>): AsyncGenerator<Cell, void, void> {
  for await (const cell of cells) if (cell[2] !== null) yield cell;
}
