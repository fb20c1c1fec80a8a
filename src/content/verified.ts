import type { Address, OpenOptions, Source } from "./contracts.ts";
import { bindSource } from "./bind_source.ts";
import { readVerified } from "./read.ts";

/** A source whose whole reads are verified; ranges stay as they are, as no digest is known for them. */
export function verified(source: Source): Source {
  return {
    ...bindSource(source),
    open: (what: Address, options: OpenOptions = {}) =>
      options.start || options.end !== undefined
        ? source.open(what, options)
        : readVerified(source, what, options),
  };
}
