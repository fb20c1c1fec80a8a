import { saveStream } from "../../disk/save.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { type ArchiveImage, archiveStream, type WriteArchiveOptions } from "./archive.ts";

/**
 * Writes images into a file as one tar, and tells their descriptors. The file is there when all of it is, in place of
 * the one that was there before; a device or pipe is written to as it is.
 *
 * @throws {GantryError} What the stream of `writeArchive` fails with; `storage`.
 *
 * @example
 * ```ts
 * import { saveArchive } from "@gantry/oci/archive";
 * import { emptyImage } from "@gantry/oci/image";
 *
 * const path = `${await Deno.makeTempDir()}/app.tar`;
 * const [descriptor] = await saveArchive(path, [{ image: emptyImage(), names: ["app:v1"] }]);
 * console.log(descriptor?.digest);
 * ```
 */
export async function saveArchive(
  path: string,
  images: Iterable<ArchiveImage>,
  options: WriteArchiveOptions = {},
): Promise<Descriptor[]> {
  let roots: Descriptor[] = [];
  const bytes = archiveStream([...images], options, (found) => roots = found);
  const action = `write archive ${JSON.stringify(path)}`;
  await saveStream(path, bytes, { action, durable: true, signal: options.signal });
  return roots;
}
