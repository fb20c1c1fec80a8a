import { GantryError } from "../errors.ts";
import { annotations } from "../spec/annotations.ts";
import type { Annotations, Descriptor } from "../spec/descriptor.ts";
import { isRefName } from "../spec/layout.ts";
import { familiarName, formatReference, parseReference } from "../spec/reference.ts";

/** A name as the documents of an archive have it. */
export interface Name {
  /** As Docker's users write it: `alpine:3.20`. */
  readonly familiar: string;
  /** As index.json has it: for containerd, and for everybody else. */
  readonly annotations: Annotations;
}

/**
 * The names of images, checked before anything is written, each once.
 *
 * @throws {GantryError} `invalid-name`.
 */
export function checkNames(
  images: readonly { names?: readonly string[] | undefined }[],
  format: "combined" | "oci" | "docker" | "legacy",
): Name[][] {
  const taken = new Set<string>();
  return images.map(({ names = [] }) =>
    names.map((text) => {
      const name = format === "oci" ? layoutName(text) : dockerName(text);
      if (taken.has(name.familiar)) throw bad(text, "a name is given twice");
      taken.add(name.familiar);
      return name;
    })
  );
}

/** Docker's own names, and those that Docker and containerd give in a layout: a full one, and the tag. */
function dockerName(text: string): Name {
  const reference = parseReference(text);
  const { tag, digest } = reference;
  if (tag === undefined || digest !== undefined) throw bad(text, "a name with a tag alone is needed");
  const full = formatReference(reference);
  return {
    familiar: familiarName(reference),
    annotations: { [annotations.containerdName]: full, [annotations.refName]: tag },
  };
}

/** A layout's name stays as it is; containerd wants to know a full one, if it is one. */
function layoutName(text: string): Name {
  if (!isRefName(text)) throw bad(text, "not a layout's name");
  const full = text.includes(":") ? fullName(text) : text;
  return {
    familiar: text,
    annotations: {
      ...(full !== text && { [annotations.containerdName]: full }),
      [annotations.refName]: text,
    },
  };
}

function bad(text: string, reason: string): GantryError {
  return new GantryError("invalid-name", `name an image ${JSON.stringify(text)}: ${reason}`);
}

/** The names that index.json gives an image, the full one first. */
export function namesOf({ annotations: notes }: Descriptor): string[] {
  const names = [notes?.[annotations.containerdName], notes?.[annotations.refName]];
  return names.filter((name) => name !== undefined);
}

/** A name in full, so that `alpine` and `docker.io/library/alpine:latest` are the same; as it is if it is no reference. */
export function fullName(name: string): string {
  try {
    return formatReference(parseReference(name));
  } catch (error) {
    if (GantryError.is(error)) return name;
    throw error;
  }
}
