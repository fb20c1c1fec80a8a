import type { Descriptor } from "../spec/descriptor.ts";
import { hexOf } from "../spec/digest.ts";
import { isConfigType, isIndexType, isManifestType } from "../spec/media_type.ts";
import { labelNames } from "./labels.ts";

/**
 * The labels by which what names some content keeps it from the collection of garbage, as containerd writes them: one
 * for each child, under a key that tells what it is. In place of all children, those of a filter may be given: then
 * the others are not kept.
 *
 * @example
 * ```ts
 * import { childrenLabels } from "@gantry/oci/store";
 * import { mediaTypes } from "@gantry/oci/spec";
 *
 * const digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
 * console.log(childrenLabels([{ mediaType: mediaTypes.ociConfig, digest, size: 2 }]));
 * // { "containerd.io/gc.ref.content.config": "sha256:44136fa3…" }
 * ```
 */
export function childrenLabels(children: Iterable<Descriptor>): Record<string, string> {
  const labels: Record<string, string> = {};
  const counts = new Map<string, number>();
  for (const child of children) {
    const key = keyOf(child);
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    labels[key.endsWith(".") || count > 0 ? `${key}${count}` : key] = child.digest;
  }
  return labels;
}

/** The label by which a manifest keeps one that is about it. */
export function referrerLabel({ digest }: Pick<Descriptor, "digest">): Record<string, string> {
  const algorithm = digest.slice(0, digest.indexOf(":"));
  return { [`${labelNames.content}.referrer.${algorithm}.${hexOf(digest).slice(0, 12)}`]: digest };
}

const layers =
  /^application\/vnd\.(?:oci\.image\.layer\.|docker\.image\.rootfs\.(?:foreign\.)?diff\.|erofs\.layer\.)/;

/** https://github.com/containerd/containerd/blob/main/core/images/mediatypes.go */
function keyOf({ mediaType }: Descriptor): string {
  if (isConfigType(mediaType)) return `${labelNames.content}.config`;
  if (isManifestType(mediaType)) return `${labelNames.content}.m.`;
  if (isIndexType(mediaType)) return `${labelNames.content}.`;
  return layers.test(mediaType) ? `${labelNames.content}.l.` : `${labelNames.content}.`;
}
