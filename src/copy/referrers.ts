import type { Address, Options, Part, Source } from "../content/contracts.ts";
import { requireMethod } from "../content/require_method.ts";
import { openRoot } from "../image/open.ts";
import type { Descriptor } from "../spec/descriptor.ts";

/** Lists what else belongs to a manifest, to be copied after it: its signatures, SBOMs, attestations. */
export type ReferrersOf = (subject: Descriptor, options: Options) => AsyncIterable<Part>;

/**
 * The referrers that a source lists for each manifest, for the `referrers` option of `copy`.
 *
 * @param filter Only those of one artifact type. Default: all.
 * @throws {GantryError} `unsupported` when the source cannot list referrers.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { copy, referrersOf } from "@gantry/oci/copy";
 * import { emptyImage, openRoot } from "@gantry/oci/image";
 *
 * const from = memory(), to = memory();
 * await copy(emptyImage(), from, { name: "v1" });
 * await copy(await openRoot(from, "v1"), to, { name: "v1", referrers: referrersOf(from) });
 * ```
 */
export function referrersOf(
  source: Source,
  filter: { artifactType?: string | undefined } = {},
): ReferrersOf {
  const list = requireMethod(source, "referrers", "copy referrers");
  const { artifactType } = filter;
  return async function* (subject: Address, { signal }: Options) {
    for await (const referrer of list(subject, { artifactType, signal })) {
      yield await openRoot(source, referrer, { signal });
    }
  };
}
