import type { Options } from "../../content/contracts.ts";
import type { TarEntry, TarItem } from "../../tar/item.ts";
import type { Edit } from "../edit.ts";
import type { Layer } from "../layer.ts";
import { rewriteLayers, type RewriteOptions } from "../rewrite_layers.ts";
import { globSource } from "../../spec/glob.ts";

/** What to strip: a path, with what is below it; `*` and `?` stand for parts of a name, `**` for any path. */
export type FilePattern = string | RegExp | ((path: string) => boolean);

/**
 * Takes files out of layers, as if they had never been in them. A directory goes with all that is in it; a hard link
 * whose file goes becomes that file. The other entries stay byte for byte, and so do layers that have no such file.
 *
 * @param patterns What is stripped. Paths have no slash at either end: `var/cache/apt`.
 *
 * @example
 * ```ts
 * import { emptyImage, layer, stripFiles } from "@gantry/oci/image";
 * import { writeTar } from "@gantry/oci/tar";
 *
 * const tar = () => writeTar([{ type: "file", path: "var/log/apt.log" }, { type: "file", path: "app" }]);
 * const image = emptyImage().append(layer(tar, { compression: "none" })).edit(stripFiles(["var/log"]));
 * for await (const { path } of (await image.layers())[0]!.entries()) console.log(path); // app
 * ```
 */
export function stripFiles(patterns: readonly FilePattern[], options: RewriteOptions = {}): Edit {
  const tests = patterns.map(testOf);
  const isStripped = (path: string) => {
    const steps = path.split("/");
    return steps.some((_, i) => {
      const above = steps.slice(0, i + 1).join("/");
      return above !== "" && tests.some((test) => test(above));
    });
  };
  return rewriteLayers(async (layer, options) => {
    const heirs = await look(layer, isStripped, options);
    return heirs && ((entries) => strip(entries, isStripped, heirs));
  }, options);
}

/** Which hard link takes over each file that goes; nothing when nothing goes. */
async function look(
  layer: Layer,
  isStripped: (path: string) => boolean,
  { signal }: Options,
): Promise<Map<string, string> | undefined> {
  const heirs = new Map<string, string>();
  let some = false;
  for await (const entry of layer.entries({ signal })) {
    const path = cleaned(entry.path);
    if (isStripped(path)) some = true;
    else if (entry.type === "hardlink") {
      const file = cleaned(entry.linkname);
      if (isStripped(file) && !heirs.has(file)) heirs.set(file, path);
    }
  }
  return some ? heirs : undefined;
}

async function* strip(
  entries: AsyncIterable<TarEntry>,
  isStripped: (path: string) => boolean,
  heirs: ReadonlyMap<string, string>,
): AsyncGenerator<TarItem, void, void> {
  for await (const entry of entries) {
    const path = cleaned(entry.path);
    const heir = heirs.get(entry.type === "hardlink" ? cleaned(entry.linkname) : path);
    if (heir === undefined) {
      if (!isStripped(path)) yield entry;
    } else if (entry.type !== "hardlink") {
      yield entry.with({ path: heir });
    } else if (!isStripped(path) && path !== heir) {
      yield entry.with({ linkname: heir });
    }
  }
}

/** A path as patterns name it. */
function cleaned(path: string): string {
  return path.split("/").filter((step) => step !== "" && step !== ".").join("/");
}

function testOf(pattern: FilePattern): (path: string) => boolean {
  if (typeof pattern === "function") return pattern;
  if (pattern instanceof RegExp) {
    return (path) => new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, "")).test(path);
  }
  const wildcards = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" };
  const source = globSource(cleaned(pattern), wildcards);
  const expression = new RegExp(`^${source}$`, "su");
  return (path) => expression.test(path);
}
