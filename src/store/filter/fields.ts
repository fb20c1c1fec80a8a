import type { ContentInfo, StoredImage } from "../records.ts";
import type { Labels } from "../labels.ts";

/** `name`, `target.digest`, `target.mediatype`, `labels.*`, `annotations.*` */
export function imageFields(
  image: Pick<StoredImage, "name" | "target" | "labels">,
  path: readonly string[],
): string | undefined {
  const [field, second] = path;
  if (field === "name") return path.length === 1 ? textOf(image.name) : undefined;
  if (field === "labels") return labelAt(image.labels, path);
  if (field === "annotations") return labelAt(image.target.annotations ?? {}, path);
  if (field !== "target" || path.length !== 2) return undefined;
  return second === "digest"
    ? image.target.digest
    : second === "mediatype"
    ? textOf(image.target.mediaType)
    : undefined;
}

/** `digest`, `size`, `labels.*` */
export function contentFields(content: ContentInfo, path: readonly string[]): string | undefined {
  if (path[0] === "labels") return labelAt(content.labels, path);
  if (path.length !== 1) return undefined;
  return path[0] === "digest" ? content.digest : path[0] === "size" ? String(content.size) : undefined;
}

/** `ref` */
export function statusFields({ ref }: { readonly ref: string }, path: readonly string[]): string | undefined {
  return path.length === 1 && path[0] === "ref" ? textOf(ref) : undefined;
}

/** `id`, `labels.*` */
export function leaseFields(
  { id, labels }: { readonly id: string; readonly labels: Labels },
  path: readonly string[],
): string | undefined {
  if (path[0] === "labels") return labelAt(labels, path);
  return path.length === 1 && path[0] === "id" ? id : undefined;
}

/** What is empty is not there. */
function textOf(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** The label of a path: parts behind the first are joined again, as keys may hold dots. */
function labelAt(labels: Labels, path: readonly string[]): string | undefined {
  const key = path.length === 2 ? path[1]! : path.slice(1).join(".");
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
