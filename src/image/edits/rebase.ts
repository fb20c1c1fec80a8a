import { GantryError } from "../../errors.ts";
import { annotations } from "../../spec/annotations.ts";
import type { ConfigFile, History } from "../../spec/config.ts";
import { baseHeight } from "../base_height.ts";
import type { Edit } from "../edit.ts";
import type { Image } from "../image.ts";

/** How to rebase. */
export interface RebaseOptions {
  /**
   * What the new base is called: it and the digest of the new base become the annotations by which others find the base
   * again. Default: these annotations stay as they are.
   */
  name?: string | undefined;
  /** The digest that is recorded of the new base, such as that of the index it is in. Default: the image's own. */
  digest?: string | undefined;
}

/**
 * Puts an image that was built on one base on another one: the layers and the history of the old base go, those of the
 * new one take their place. What the image says to run stays; its platform is that of the new base.
 *
 * @throws {GantryError} When the new image is asked for anything: `conflict` when the image is not built on the old base;
 * `invalid-document` when a config does not name as many layers as there are.
 *
 * @example
 * ```ts
 * import { emptyImage, layer, rebase } from "@gantry/oci/image";
 *
 * const [old, fixed, app] = [1, 2, 3].map((size) => layer(new Uint8Array(size * 512), { compression: "none" }));
 * const image = emptyImage().append(old!).append(app!);
 * const rebased = image.edit(rebase(emptyImage().append(old!), emptyImage().append(fixed!)));
 * console.log(await rebased.digest() === await emptyImage().append(fixed!).append(app!).digest()); // true
 * ```
 */
export function rebase(oldBase: Image, newBase: Image, options: RebaseOptions = {}): Edit {
  return {
    async layers(layers, { signal }) {
      const count = await baseHeight(oldBase, layers, {
        by: (layer, options) => layer.digest(options),
        action: "rebase image",
        base: "the old base",
        signal,
      });
      return [...(await newBase.layers({ signal })).map((layer) => ({ layer })), ...layers.slice(count)];
    },
    async config(config, { before, signal }) {
      const [from, to] = [await oldBase.config({ signal }), await newBase.config({ signal })];
      rebaseConfig(config, from, to, before.length);
    },
    async manifest(manifest, { signal }) {
      if (options.name === undefined) return;
      manifest.annotations = {
        ...manifest.annotations,
        [annotations.baseName]: options.name,
        [annotations.baseDigest]: options.digest ?? await newBase.digest({ signal }),
      };
    },
  };
}

function rebaseConfig(config: ConfigFile, from: ConfigFile, to: ConfigFile, layers: number): void {
  const { diff_ids } = config.rootfs;
  if (diff_ids.length !== layers) {
    throw new GantryError(
      "invalid-document",
      `rebase image: its config has ${diff_ids.length} diffIDs, it has ${layers} layers`,
    );
  }
  const base = from.rootfs.diff_ids.length;
  config.rootfs.diff_ids = [...to.rootfs.diff_ids, ...diff_ids.slice(base)];
  const history = rebasedHistory(config, from, to, layers - base);
  if (history.length > 0) config.history = history;
  else delete config.history;
  for (const field of ["os", "architecture"] as const) config[field] = to[field];
  for (const field of ["os.version", "os.features", "variant"] as const) {
    if (to[field] === undefined || to[field] === null) delete config[field];
    else Object.assign(config, { [field]: to[field] });
  }
}

/** A history that is missing is made up for by blank entries, if there is one for the other layers. */
function rebasedHistory(config: ConfigFile, from: ConfigFile, to: ConfigFile, upper: number): History[] {
  if (!config.history?.length && !to.history?.length) return [];
  const below = to.history?.length ? to.history : blank(to.rootfs.diff_ids.length);
  const above = config.history?.length
    ? config.history.slice(baseEntries(config.history, from))
    : blank(upper);
  return [...below, ...above];
}

/** How many entries of the history are the base's: as many as it has itself, or as its layers have. */
function baseEntries(history: readonly History[], { history: own, rootfs }: ConfigFile): number {
  const base = rootfs.diff_ids.length;
  const layersIn = (entries: readonly History[]) => entries.filter(({ empty_layer }) => !empty_layer).length;
  if (own?.length && layersIn(own) === base && layersIn(history.slice(0, own.length)) === base) {
    return own.length;
  }
  let [at, seen] = [0, 0];
  for (; at < history.length && seen < base; at++) if (!history[at]!.empty_layer) seen++;
  return at;
}

function blank(count: number): History[] {
  return Array.from({ length: count }, () => ({}));
}
