import { type Bytes, streamOf, utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { TarItem } from "../tar/item.ts";
import { writeTar } from "../tar/write.ts";
import type { Layer } from "./layer.ts";
import { layer, type LayerOptions } from "./made_layer.ts";

/**
 * A layer of files that are in memory, by their paths; no directories, mode 0644, owned by root. The same files give the
 * same layer, whatever order they come in.
 *
 * @throws {GantryError} `invalid-name` for a path that leads out of the layer.
 *
 * @example
 * ```ts
 * import { filesLayer } from "@gantry/oci/image";
 *
 * for await (const { path } of filesLayer({ "etc/motd": "hello\n" }, { compression: "none" }).entries()) {
 *   console.log(path); // etc/motd
 * }
 * ```
 */
export function filesLayer(
  files: Readonly<Record<string, Bytes | string>>,
  options: LayerOptions = {},
): Layer {
  const contents = Object.entries(files).map(([path, content]) => {
    if (path === "" || path.split("/").includes("..")) {
      throw new GantryError(
        "invalid-name",
        `make a layer of files: ${JSON.stringify(path)} is no path in it`,
      );
    }
    return [path, typeof content === "string" ? utf8(content) : content] as const;
  }).sort(([a], [b]) => a < b ? -1 : 1);
  return layer(() => writeTar(contents.map(([path, bytes]) => fileItem(path, bytes))), options);
}

function fileItem(path: string, bytes: Bytes): TarItem {
  return { type: "file", path, size: bytes.byteLength, readable: streamOf(bytes), options: { mode: 0o644 } };
}
