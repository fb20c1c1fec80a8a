import { fchmodSync, fsyncSync } from "node:fs";
import { digestBytes } from "../digest/mod.ts";
import { utf8 } from "../bytes.ts";
import type { Image } from "../image/image.ts";
import type { Digest } from "../spec/digest.ts";
import { hexOf } from "../spec/digest.ts";
import { unpacking } from "./unpack/job.ts";
import { LayerPlans } from "./unpack/layer_plan.ts";
import type { UnpackOptions } from "./unpack/options.ts";
import type { Unpacked } from "./unpack.ts";

/** A layer in a directory of its own. */
export interface UnpackedLayer {
  /** The digest of its uncompressed tar. */
  diffID: Digest;
  /** The name of it and all layers below: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#layer-chainid */
  chainID: Digest;
  /** Where its files are, inside the directory: `HEX/fs`, HEX being that of the chain ID. */
  path: string;
}

/** What came of unpacking layers. */
export interface UnpackedLayers extends Unpacked {
  /** The layers, base first. */
  layers: UnpackedLayer[];
}

/**
 * Makes a directory with one directory for each layer of an image, to be mounted over each other by Linux's overlay file
 * system: `HEX/fs`, HEX being that of the layer's chain ID, and `layers.json`, which lists them, base first; `manifest.json`
 * and `config.json` are those of the image. Together the layers show what {@link unpack} makes. What a layer takes away is a character device 0:0, a hard link to a file below is one on the
 * disk too, and paths that lead through links of layers below have been followed.
 *
 * @throws {GantryError} As {@link unpack}, and `unsupported` where no such devices can be made.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { unpackLayers } from "@gantry/oci/rootfs";
 * import { writeTar } from "@gantry/oci/tar";
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const base = layer(() => writeTar([{ type: "file", path: "etc/motd" }]), { compression: "none" });
 * const upper = layer(() => writeTar([{ type: "file", path: "etc/issue" }]), { compression: "none" });
 * const directory = join(await mkdtemp(join(tmpdir(), "gantry-")), "layers");
 * const { layers } = await unpackLayers(emptyImage().append(base).append(upper), directory);
 * const lower = layers.toReversed().map(({ path }) => join(directory, path));
 * console.log(`mount -t overlay -o lowerdir=${lower.join(":")} overlay /mnt`);
 * ```
 */
export function unpackLayers(
  image: Image,
  directory: string,
  options: UnpackOptions = {},
): Promise<UnpackedLayers> {
  return unpacking(image, directory, options, async ({ incomplete, writer, merge, writeOwners }) => {
    const plans = new LayerPlans();
    await merge((root, layer) => plans.add(root, layer));
    const layers = await chainOf(image, options);
    await writer.prepare(plans.plans);
    const root = incomplete.make("root");
    try {
      for (const [i, { path }] of layers.entries()) await writer.fillBelow(root, path, plans.plans[i]!);
      root.write("layers.json", `${JSON.stringify(layers, undefined, 2)}\n`);
      root.write("manifest.json", await image.rawManifest(options));
      root.write("config.json", await image.rawConfigFile(options));
      fchmodSync(root.fd, 0o755);
      if (incomplete.flushesEach) fsyncSync(root.fd);
      writeOwners();
      await incomplete.finish("root", root);
    } finally {
      root.close();
    }
    return { layers, skipped: writer.skipped };
  });
}

async function chainOf(image: Image, { signal }: UnpackOptions): Promise<UnpackedLayer[]> {
  const chain: UnpackedLayer[] = [];
  for (const layer of await image.layers({ signal })) {
    const diffID = await layer.diffID({ signal });
    const below = chain.at(-1)?.chainID;
    const chainID = below === undefined ? diffID : await digestBytes(utf8(`${below} ${diffID}`));
    chain.push({ diffID, chainID, path: `${hexOf(chainID)}/fs` });
  }
  return chain;
}
