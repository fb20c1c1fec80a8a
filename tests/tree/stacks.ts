/** Random stacks of layers, held against the model. `deno task fuzz:tree` runs many. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { GantryError } from "../../src/errors.ts";
import { emptyImage, type Layer, layer } from "../../src/image/mod.ts";
import { type TarItem, writeTar } from "../../src/tar/mod.ts";
import { findFile, openTree } from "../../src/tree/mod.ts";
import { file } from "../tar/tools.ts";
import { type Entry, type Files, Refused, type Thing, unpack, whiteoutOf } from "./model.ts";

const name = fc.constantFrom("a", "b", "c");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
/** As tars write them. */
const written = fc.tuple(fc.constantFrom("", "", "", "./", "/"), path).map((parts) => parts.join(""));
const target = fc.oneof(
  path,
  path.map((path) => `/${path}`),
  path.map((path) => `../${path}`),
  path.map((path) => `c/../${path}`),
  fc.constantFrom(".", "..", "/", "../.."),
);
const mode = fc.constantFrom(0o600, 0o644, 0o755);

const entry: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("file"),
      path: written,
      content: fc.string({ maxLength: 3 }),
      mode,
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("directory"), path: written, mode }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("symlink"), path: written, linkname: target }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("hardlink"), path: written, linkname: written }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("fifo"), path: written }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("whiteout"), path }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("opaque"), path }) },
) as fc.Arbitrary<Entry>;

/** Layers, the base first. Most hard links are to a file that some layer has, a few to one that comes later. */
export const stacks: fc.Arbitrary<Entry[][]> = fc
  .tuple(
    fc.array(fc.array(entry, { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
    fc.infiniteStream(fc.nat({ max: 999 })),
  )
  .map(([stack, numbers]) => {
    const known: string[] = [];
    const aimed = (entry: Entry, later: readonly Entry[]): Entry => {
      const number = numbers.next().value!;
      const files = number % 10 === 0
        ? later.filter(({ type }) => type === "file").map(({ path }) => path)
        : known;
      if (entry.type === "file") known.push(entry.path);
      if (entry.type !== "hardlink" || number % 50 === 0) return entry;
      return files.length > 0
        ? { ...entry, linkname: files[number % files.length]! }
        : { ...entry, type: "file", linkname: "" };
    };
    return stack.map((entries) => entries.map((entry, i) => aimed(entry, entries.slice(i + 1))));
  });

/** A layer with these entries. */
export function layerOf(entries: readonly Entry[]): Layer {
  return layer(() => writeTar(entries.map(itemOf)), { compression: "none" });
}

function itemOf(entry: Entry): TarItem {
  const { type, path, content = "", linkname, mode } = entry;
  if (type === "whiteout" || type === "opaque") return { type: "file", path: whiteoutOf(entry) };
  if (type === "file") return file(path, content, { mode });
  if (type === "symlink" || type === "hardlink") return { type, path, linkname };
  return { type, path, options: { mode } };
}

/** Merges a stack as the library does, and holds the tar to what is promised of it. */
export async function merged(layers: readonly Layer[]): Promise<Files> {
  await using tree = await openTree(layers);
  const files: Files = new Map();
  for await (const entry of tree.entries()) {
    const path = entry.path.replace(/\/$/, "");
    const above = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : undefined;
    assert(!files.has(path), `${path} twice`);
    if (above !== undefined) assert.equal(files.get(above)?.type, "directory", `${path} before ${above}`);
    if (entry.type === "hardlink") {
      const first = files.get(entry.linkname);
      assert(first && first.type !== "directory", `${path} before ${entry.linkname}`);
      files.set(path, first);
      continue;
    }
    const content = await new Response(entry.readable).text();
    files.set(path, {
      type: entry.type as Thing["type"],
      content,
      target: entry.linkname,
      mode: entry.type === "symlink" || entry.type === "fifo" ? 0o644 : entry.mode,
    });
  }
  return files;
}

/** A file system as something that can be compared, with a number for what has several names. */
export function plain(files: Files): unknown {
  const numbers = new Map<Thing, number>();
  const sorted = [...files].sort(([a], [b]) => a < b ? -1 : 1);
  return sorted.map(([path, thing]) => {
    if (!numbers.has(thing)) numbers.set(thing, numbers.size);
    return [path, thing, numbers.get(thing)];
  });
}

/** The property: a stack merged is the model's file system, or both refuse it. Tells which. */
export async function holds(stack: Entry[][]): Promise<"merged" | "refused"> {
  let expected: Files;
  try {
    expected = unpack(stack);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await assert.rejects(merged(stack.map(layerOf)), (thrown) => GantryError.is(thrown, "invalid-archive"));
    return "refused";
  }
  assert.deepEqual(plain(await merged(stack.map(layerOf))), plain(expected));
  return "merged";
}

/**
 * Another: what the model has is found, and nothing else. Only where a layer does not replace what is its own, and no directory is
 * a symlink: there the paths of layers are looked up as they are.
 */
export async function isFound(stack: Entry[][]): Promise<void> {
  const once = stack.map((layer) => {
    const seen = new Map<string, Entry["type"]>();
    return layer.filter(({ type, path }) => {
      const name = path.replace(/^[./]*/, "");
      const clashes = [...seen].some(([other, its]) =>
        other === name || (its !== "directory" && name.startsWith(`${other}/`)) ||
        (type !== "directory" && other.startsWith(`${name}/`))
      );
      if (clashes || type === "symlink") return false;
      if (type !== "whiteout" && type !== "opaque") seen.set(name, type);
      return true;
    });
  });
  let expected: Files;
  try {
    expected = unpack(once);
  } catch {
    return;
  }
  const image = once.reduce((image, entries) => image.append(layerOf(entries)), emptyImage());
  const paths = ["a", "b", "c"].flatMap((
    one,
  ) => [one, ...["a", "b"].flatMap((two) => [`${one}/${two}`, `${one}/${two}/c`])]);
  for (const path of paths) {
    const thing = expected.get(path);
    if (thing?.type === "directory") continue; // one that no layer has an entry for is not found
    const found = await findFile(image, path).catch((error) => {
      if (!GantryError.is(error, "not-found")) throw error;
    });
    const content = found?.type === "file" ? await new Response(found.readable).text() : found && "";
    assert.deepEqual([path, found?.type, content], [path, thing?.type, thing?.content]);
  }
}

/** Checks both properties for many stacks. Tells how many there were of each kind. */
export async function check(count: number, seed: number): Promise<Record<"merged" | "refused", number>> {
  const tally = { merged: 0, refused: 0 };
  const property = fc.asyncProperty(stacks, async (stack) => {
    tally[await holds(stack)]++;
    await isFound(stack);
  });
  await fc.assert(property, { numRuns: count, seed });
  return tally;
}
