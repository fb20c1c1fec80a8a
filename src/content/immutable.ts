import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { bindTarget } from "./bind_target.ts";
import type { Content, Options, Target, WriteOptions, Written } from "./contracts.ts";

/**
 * A target that gives a name once: another manifest does not get it, also when two are given it at the same moment. A name
 * can be taken away and given anew.
 *
 * @param isFixed Whether this holds for a name. Default: for all.
 *
 * @example
 * ```ts
 * import { immutable, memory } from "@gantry/oci/content";
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 *
 * const target = immutable(memory(), (name) => name !== "latest");
 * await copy(emptyImage(), target, { name: "v1" });
 * const other = emptyImage({ os: "linux", architecture: "arm64" });
 * await copy(other, target, { name: "v1" }).catch((error) => console.log(error.code)); // denied
 * ```
 */
export function immutable(target: Target, isFixed: (name: string) => boolean = () => true): Target {
  const tag = async (name: string, descriptor: Descriptor, options: Options): Promise<void> => {
    try {
      return await target.tag(name, descriptor, { ...options, expect: null });
    } catch (error) {
      if (!GantryError.is(error, "conflict")) throw error;
      const there = await target.resolve(name, options);
      if (there.descriptor.digest === descriptor.digest) return;
      throw new GantryError(
        "denied",
        `tag ${JSON.stringify(name)}: it is ${there.descriptor.digest} for good`,
        {
          cause: error,
        },
      );
    }
  };
  return {
    ...bindTarget(target),
    tag: (name, descriptor, options = {}) =>
      isFixed(name) ? tag(name, descriptor, options) : target.tag(name, descriptor, options),
    async write(content: Content, options: WriteOptions = {}): Promise<Written> {
      const { name, signal } = options;
      if (name === undefined || !isFixed(name)) return await target.write(content, options);
      const written = await target.write(content, { ...options, name: undefined });
      await tag(name, written.descriptor, { signal });
      return written;
    },
  };
}
