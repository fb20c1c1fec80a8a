import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { isWhiteout } from "../spec/whiteout.ts";
import type { TarEntry, TarItem } from "../tar/item.ts";
import { writeTar } from "../tar/write.ts";
import type { Layer } from "./layer.ts";
import { layer as makeLayer, type LayerOptions } from "./made_layer.ts";

/** The security descriptor of a file that the built-in administrators and users own. */
const security = utf8("AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAhAgAAAQIAAAAAAAUgAAAAIQIAAA==");

/**
 * The same files as a layer of a Windows image, which has them below `Files` and the registry's below `Hives`. A layer
 * that has `Files` already is given back as it is.
 *
 * @throws {GantryError} `not-computed` for a one-shot stream, which cannot be looked at first.
 *
 * @example
 * ```ts
 * import { filesLayer, windowsLayer } from "@gantry/oci/image";
 *
 * const made = await windowsLayer(filesLayer({ "app.exe": "MZ" }, { compression: "none" }), { compression: "none" });
 * for await (const { path } of made.entries()) console.log(path); // Files, Hives, Files/app.exe
 * ```
 */
export async function windowsLayer(layer: Layer, options: LayerOptions = {}): Promise<Layer> {
  for await (const { path } of layer.entries()) {
    if (/^(?:\.\/)?(?:Files|Hives)(?:\/|$)/.test(path)) return layer;
    break;
  }
  return makeLayer(() => writeTar(below(layer)), options);
}

async function* below(layer: Layer): AsyncGenerator<TarItem, void, void> {
  for (const path of ["Files", "Hives"]) yield { type: "directory", path, options: { mode: 0o555 } };
  for await (const entry of layer.entries()) yield moved(entry);
}

function moved(entry: TarEntry): TarItem {
  const inFiles = (path: string) => `Files/${path.replace(/^(?:\.?\/)+/, "")}`;
  if (entry.type === "other") {
    throw new GantryError(
      "unsupported",
      `make a Windows layer: ${JSON.stringify(entry.path)} is of no known type`,
    );
  }
  const pax = new Map(entry.options.pax);
  if (!isWhiteout(entry.path.split("/").at(-1)!)) pax.set("MSWINDOWS.rawsd", security);
  return entry.with({
    path: inFiles(entry.path),
    ...(entry.type === "hardlink" && { linkname: inFiles(entry.linkname) }),
    options: { ...(pax.size > 0 && { pax }) },
  });
}
