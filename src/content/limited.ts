import { observed } from "../bytes.ts";
import type { Source } from "./contracts.ts";
import { bindSource } from "./bind_source.ts";
import { Slots } from "./slots.ts";

/**
 * A source from which at most `concurrency` streams are open at once. One that is read to its end, fails or is
 * cancelled makes room for the next.
 *
 * @example
 * ```ts
 * import { limited, memory } from "@gantry/oci/content";
 *
 * const source = limited(memory(), 4);
 * console.log(typeof source.open);
 * ```
 */
export function limited(source: Source, concurrency: number): Source {
  const slots = new Slots(concurrency);
  return {
    ...bindSource(source),
    resolve: (name, options) => slots.run(() => source.resolve(name, options), options?.signal),
    open: async (what, options) => {
      const release = await slots.take(options?.signal);
      try {
        return observed(await source.open(what, options), { done: release, failed: release });
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}
