import { GantryError } from "../errors.ts";
import { isWhiteout, opaqueWhiteout, whiteoutPrefix } from "../spec/whiteout.ts";
import { nameOf, partsOf } from "./path.ts";

/** Something that a layer takes away from those below. */
export interface Whiteout {
  /** The parts of the path that it takes away, or of the directory that it empties. */
  parts: string[];
  /** Whether it takes away what is in the directory. */
  opaque: boolean;
}

/**
 * What an entry with this path takes away; nothing when it is no whiteout, or a record that aufs kept for itself. `what` names
 * the layer in errors.
 *
 * @throws {GantryError} `invalid-archive`.
 */
export function whiteoutOf(path: string, what: string): Whiteout | undefined {
  const name = nameOf(path);
  if (!isWhiteout(name)) return undefined;
  const directory = partsOf(path).slice(0, -1);
  if (name === opaqueWhiteout) return { parts: directory, opaque: true };
  const hidden = name.slice(whiteoutPrefix.length);
  if (isWhiteout(hidden)) return undefined;
  if (hidden === "" || hidden === "." || hidden === "..") {
    throw new GantryError(
      "invalid-archive",
      `read ${what}: whiteout ${JSON.stringify(path)} takes away nothing that has a name`,
    );
  }
  return { parts: [...directory, hidden], opaque: false };
}
