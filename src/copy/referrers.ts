import type { Options, Part, Source } from "../content/contracts.ts";
import { requireMethod } from "../content/require_method.ts";
import { ifFound } from "../content/if_found.ts";
import { openRoot } from "../image/open.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, hexOf } from "../spec/digest.ts";

/** Something that belongs to a manifest. */
export interface Referrer {
  /** The signature, SBOM or attestation. */
  part: Part;
  /** The tag under which those look for it who do not ask for referrers. Default: none. */
  name?: string | undefined;
}

/** Lists what else belongs to a manifest, to be copied after it: its signatures, SBOMs, attestations. */
export type ReferrersOf = (subject: Descriptor, options: Options) => AsyncIterable<Referrer>;

/** Which of what belongs to a manifest is meant. */
export interface ReferrersFilter {
  /** Only those of one artifact type, and no tags of cosign, which tell of none. Default: all. */
  artifactType?: string | undefined;
}

/**
 * What belongs to each manifest in a source, for the `referrers` option of `copy`: what it lists as referrers, and what
 * cosign has tagged `sha256-….sig`, `.att` and `.sbom`.
 *
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
export function referrersOf(source: Source, filter: ReferrersFilter = {}): ReferrersOf {
  const list = requireMethod(source, "referrers", "copy referrers");
  const { artifactType } = filter;
  return async function* (subject: Descriptor, { signal }: Options) {
    for await (const referrer of list(subject, { artifactType, signal })) {
      yield { part: await openRoot(source, referrer, { signal }) };
    }
    if (artifactType === undefined) yield* cosignTagsOf(source, subject, { signal });
  };
}

/** Older versions of cosign look for signatures under tags only. */
export async function* cosignTagsOf(
  source: Source,
  { digest }: Descriptor,
  options: Options,
): AsyncGenerator<Referrer, void, void> {
  // A digest of 128 digits does not fit into a tag.
  if (algorithmOf(digest) !== "sha256") return;
  for (const kind of ["sig", "att", "sbom"]) {
    const name = `sha256-${hexOf(digest)}.${kind}`;
    const part = await ifFound(openRoot(source, name, options));
    if (part) yield { part, name };
  }
}
