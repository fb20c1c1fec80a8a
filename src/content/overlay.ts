import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { annotations } from "../spec/annotations.ts";
import { bindWriting } from "./bind_target.ts";
import type { Address, Origin, Source, Target } from "./contracts.ts";

/**
 * A target that reads through to other sources: what is not in it is looked for below, first to last. All writes go to
 * the target.
 *
 * @example
 * ```ts
 * import { memory, overlay } from "@gantry/oci/content";
 *
 * const base = memory();
 * const scratch = overlay(memory(), base); // reads base, changes nothing in it
 * console.log(typeof scratch.write);
 * ```
 */
export function overlay(upper: Target, ...lower: Source[]): Target {
  const all = [upper, ...lower];
  return {
    resolve: (name, options) => firstOf(all, (source) => source.resolve(name, options)),
    open: (what, options): Promise<ReadableStream<Bytes>> =>
      firstOf(all, (source) => source.open(what, options)),
    ...lists(all),
    origins: (what: Address): AsyncIterable<Origin> =>
      distinct(
        all,
        (source) => source.origins?.(what),
        ({ registry, repository }) => `${registry}/${repository}`,
      ),
    ...bindWriting(upper),
  };
}

/** The lists of all sources that have them. A list that none has is none of the overlay's: it would look empty. */
function lists(all: readonly Source[]): Pick<Source, "names" | "roots" | "referrers"> {
  const any = (method: "names" | "roots" | "referrers") => all.some((source) => source[method]);
  return {
    ...(any("names") && {
      names: (options) => distinct(all, (source) => source.names?.(options), (name) => name),
    }),
    ...(any("roots") && {
      roots: (options) => distinct(all, (source) => source.roots?.(options), rootKey),
    }),
    ...(any("referrers") && {
      referrers: (subject, options) =>
        distinct(all, (source) => source.referrers?.(subject, options), ({ digest }) => digest),
    }),
  };
}

async function firstOf<T>(sources: readonly Source[], ask: (source: Source) => Promise<T>): Promise<T> {
  let missing: unknown;
  for (const source of sources) {
    try {
      return await ask(source);
    } catch (error) {
      if (!GantryError.is(error, "not-found")) throw error;
      missing ??= error;
    }
  }
  throw missing;
}

async function* distinct<T>(
  sources: readonly Source[],
  list: (source: Source) => AsyncIterable<T> | undefined,
  key: (item: T) => string,
): AsyncGenerator<T, void, void> {
  const seen = new Set<string>();
  for (const source of sources) {
    const own = new Set<string>();
    for await (const item of list(source) ?? []) {
      // Duplicates within one source are that source's word; those of a lower one are hidden.
      if (!seen.has(key(item))) yield item;
      own.add(key(item));
    }
    for (const one of own) seen.add(one);
  }
}

function rootKey(root: Descriptor): string {
  return `${root.digest} ${root.annotations?.[annotations.refName] ?? ""}`;
}
