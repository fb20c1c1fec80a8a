import type { Descriptor } from "../spec/descriptor.ts";
import { nameOf } from "./entries.ts";

/** The annotation that tells when an entry has lost its last name. */
const unnamedSince = "dev.gantry.unnamed-since";

/**
 * Notes which entries have lost their last name, of those that had a name before, and leaves out the oldest of all that
 * have, but for so many. What was written without a name stays.
 *
 * @param had The entries that had the name.
 */
export function withoutOldUnnamed(
  entries: readonly Descriptor[],
  had: ReadonlySet<Descriptor>,
  most: number,
): Descriptor[] {
  // Later than all others, whatever the clock says: the order counts.
  const last = entries.map((entry) => sinceOf(entry) ?? "").reduce((a, b) => a > b ? a : b, "");
  const now = new Date(Math.max(Date.now(), Date.parse(last) + 1 || 0)).toISOString();
  for (const entry of entries) {
    if (nameOf(entry) !== undefined) delete entry.annotations?.[unnamedSince];
    else if (had.has(entry)) entry.annotations = { ...entry.annotations, [unnamedSince]: now };
  }
  const unnamed = entries.filter((entry) => sinceOf(entry) !== undefined);
  if (unnamed.length <= most) return [...entries];
  const oldest = unnamed.sort((a, b) => sinceOf(a)! < sinceOf(b)! ? -1 : 1).slice(0, unnamed.length - most);
  const gone = new Set(oldest);
  return entries.filter((entry) => !gone.has(entry));
}

/** An entry as others are to see it, and may change it. */
export function shown(entry: Descriptor): Descriptor {
  const copy = structuredClone(entry);
  if (sinceOf(copy) === undefined) return copy;
  delete copy.annotations![unnamedSince];
  if (Object.keys(copy.annotations!).length === 0) delete copy.annotations;
  return copy;
}

function sinceOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[unnamedSince];
}
