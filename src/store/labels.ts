import { GantryError } from "../errors.ts";
import { utf8 } from "../bytes.ts";

/** Labels of an image, of content or of a lease. */
export type Labels = Readonly<Record<string, string>>;

/** Most bytes of a label, its key and its value together. */
const labelLimit = 4096;

/** Names of the labels that containerd gives a meaning. */
export const labelNames = {
  /** Content that is kept whatever refers to it; any value. */
  root: "containerd.io/gc.root",
  /** When an image or lease ends by itself, as RFC 3339 writes it. */
  expire: "containerd.io/gc.expire",
  /** A lease that keeps what it lists, and not what that refers to; any value. */
  flat: "containerd.io/gc.flat",
  /** Prefix: content that this refers to, by its digest. */
  content: "containerd.io/gc.ref.content",
  /** Prefix: an image that this refers to, by its name. */
  image: "containerd.io/gc.ref.image",
  /** Prefix: content that keeps this as long as it is kept. */
  backContent: "containerd.io/gc.bref.content",
  /** Prefix: an image that keeps this as long as it is kept. */
  backImage: "containerd.io/gc.bref.image",
  /** The digest of a layer's uncompressed tar. */
  uncompressed: "containerd.io/uncompressed",
} as const;

/** Labels without the empty ones, which are none. The keys are in order. */
export function checkLabels(labels: Labels, action: string): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const key of Object.keys(labels).sort()) {
    const value = labels[key];
    if (typeof value !== "string") throw bad(action, `the label ${quote(key)} is no text`);
    if (value === "") continue;
    const size = utf8(key).byteLength + utf8(value).byteLength;
    if (size > labelLimit) {
      throw bad(action, `the label ${quote(key)} has ${size} bytes, the limit is ${labelLimit}`);
    }
    checked[key] = value;
  }
  return checked;
}

/**
 * Labels after an update: `path` is what follows `labels` in a field path. Without one all are replaced, with one that
 * label alone, which goes when there is none in `from`.
 */
export function updateLabels(now: Labels, from: Labels, path: string | undefined): Record<string, string> {
  if (path === undefined) return { ...from };
  const { [path]: _, ...others } = now;
  const value = Object.hasOwn(from, path) ? from[path] : undefined;
  return value === undefined ? others : { ...others, [path]: value };
}

/** `labels.a.b` as `["labels", "a.b"]`: a key may hold dots. */
export function splitFieldPath(path: string): [field: string, key: string | undefined] {
  const dot = path.indexOf(".");
  return dot < 0 ? [path, undefined] : [path.slice(0, dot), path.slice(dot + 1)];
}

/** The error for an argument that is not what it must be. */
export function bad(action: string, problem: string): GantryError {
  return new GantryError("invalid-argument", `${action}: ${problem}`);
}

/** A key in a message, which may be long. */
function quote(key: string): string {
  return JSON.stringify(key.length > 64 ? `${key.slice(0, 64)}…` : key);
}
