import { annotations } from "../spec/annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { isDocumentType } from "../spec/media_type.ts";

const { refName, containerdName } = annotations;

/** The name of an entry of index.json: the OCI specification's, or else the full one that containerd gave it. */
export function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[refName] ?? annotations?.[containerdName];
}

/**
 * The entry that a name stands for. Of several the first wins that is a manifest or index, as with skopeo and podman:
 * https://github.com/containers/image/blob/main/oci/layout/oci_transport.go
 */
export function findName(entries: readonly Descriptor[], name: string): Descriptor | undefined {
  const named = (key: string) => entries.filter(({ annotations }) => annotations?.[key] === name);
  const found = named(refName);
  if (found.length === 0) found.push(...named(containerdName));
  return found.find(({ mediaType }) => isDocumentType(mediaType)) ?? found[0];
}

/** The first entry of a digest. */
export function findDigest(entries: readonly Descriptor[], digest: Digest): Descriptor | undefined {
  return entries.find((entry) => entry.digest === digest);
}

/**
 * Takes a name away from all that have it. They stay without one, unless another entry is for the same manifest. The
 * entries are changed in place, so that the fields we do not know stay where they are.
 */
export function withoutName(entries: readonly Descriptor[], name: string): Descriptor[] {
  const freed = entries.filter((entry) => takeName(entry, name) && nameOf(entry) === undefined);
  return withoutDoubles(entries, freed);
}

/** Gives a name to a manifest, and to no other. */
export function withName(entries: readonly Descriptor[], name: string, descriptor: Descriptor): Descriptor[] {
  const now = findName(entries, name);
  const kept = now?.digest === descriptor.digest ? now : undefined;
  const freed = entries.filter((entry) =>
    entry !== kept && takeName(entry, name) && nameOf(entry) === undefined
  );
  const unnamed = kept
    ? undefined
    : entries.find((entry) => entry.digest === descriptor.digest && nameOf(entry) === undefined);
  const notes = notesWith(name, descriptor);
  if (unnamed) unnamed.annotations = { ...unnamed.annotations, ...notes };
  const added = kept || unnamed ? [] : [{ ...descriptor, annotations: notes }];
  return withoutDoubles([...entries, ...added], freed);
}

/** Leaves out the unnamed entries that are to go. */
export function withoutUnnamed(entries: readonly Descriptor[], gone: ReadonlySet<Digest>): Descriptor[] {
  return entries.filter((entry) => nameOf(entry) !== undefined || !gone.has(entry.digest));
}

/** Whether an entry has a name, short or in full. */
export function hasName({ annotations }: Descriptor, name: string): boolean {
  return annotations?.[refName] === name || annotations?.[containerdName] === name;
}

function takeName(entry: Descriptor, name: string): boolean {
  const { annotations: notes } = entry;
  if (!notes || !hasName(entry, name)) return false;
  // containerd's name is the same one in full: it goes with the short one, but also alone.
  if (notes[refName] === name) delete notes[refName];
  delete notes[containerdName];
  return true;
}

function withoutDoubles(entries: readonly Descriptor[], freed: readonly Descriptor[]): Descriptor[] {
  const kept = new Set(entries.filter((entry) => !freed.includes(entry)).map(({ digest }) => digest));
  return entries.filter((entry) => {
    if (!freed.includes(entry)) return true;
    if (kept.has(entry.digest)) return false;
    kept.add(entry.digest);
    if (Object.keys(entry.annotations ?? {}).length === 0) delete entry.annotations;
    return true;
  });
}

/** The notes to be recorded with a name. Names that it had elsewhere do not come along, unless it keeps its name. */
function notesWith(name: string, { annotations: notes }: Descriptor): Record<string, string> {
  const { [refName]: before, [containerdName]: full, ...others } = notes ?? {};
  return {
    ...others,
    ...(full !== undefined && before === name && { [containerdName]: full }),
    [refName]: name,
  };
}
