import type { Image } from "../image/image.ts";
import type { Layer } from "../image/layer.ts";
import { unpacking } from "./unpack/job.ts";
import type { Skipped, UnpackOptions } from "./unpack/options.ts";

/** What came of unpacking. */
export interface Unpacked {
  /** What is not there, or not as the image has it: devices, extended attributes, types that no disk has. */
  skipped: Skipped[];
}

/**
 * Makes the file system of an image in a directory: one that is not there yet, or is empty. Layers are fetched side by side,
 * each once, and verified by their digests and diffIDs.
 *
 * Whatever the layers say, nothing outside the directory is made, changed, linked or removed. Until all is done, the work
 * lies beside it in `DIRECTORY.incomplete`, which is removed when it fails; what a process that was killed has left there,
 * the next call replaces. What has the final name is whole, after a power cut too: it is flushed before.
 *
 * Modes, owners, links, FIFOs and times are those of the image; Deno sets times to the millisecond, others to the microsecond.
 * Extended attributes and devices are set by the programs `setfattr` and `mknod`; without them, or the right to do so, they
 * are among what is `skipped`. When owners are recorded instead of set, files lose the bits to run as their owner.
 *
 * @throws {GantryError} `conflict` when the directory is not empty, or another process is unpacking to it; `invalid-archive`
 * for layers that cannot be unpacked; `too-large` beyond a limit; `unsupported` for names that the runtime or the disk cannot
 * hold, and owners that no mapping has; `storage` when the disk refuses; what reading layers throws.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { unpack } from "@gantry/oci/rootfs";
 * import { writeTar } from "@gantry/oci/tar";
 * import { mkdtemp, readlink } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const files = [{ type: "directory", path: "usr/bin/" }, { type: "symlink", path: "bin", linkname: "usr/bin" }] as const;
 * const image = emptyImage().append(layer(() => writeTar(files), { compression: "none" }));
 * const directory = join(await mkdtemp(join(tmpdir(), "gantry-")), "root");
 * await unpack(image, directory);
 * console.log(await readlink(join(directory, "bin"))); // usr/bin
 * ```
 */
export function unpack(
  image: Image | readonly Layer[],
  directory: string,
  options: UnpackOptions = {},
): Promise<Unpacked> {
  return unpacking(image, directory, options, async ({ incomplete, writer, merge, writeOwners }) => {
    const tree = await merge();
    await writer.prepare([tree]);
    const root = incomplete.make("root");
    try {
      await writer.fill(root, tree);
      writeOwners();
      await incomplete.finish("root", root);
    } finally {
      root.close();
    }
    return { skipped: writer.skipped };
  });
}
