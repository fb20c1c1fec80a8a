import type { Content, Options, WriteOptions, Written } from "../content/contracts.ts";
import { referrerOf } from "../content/relations.ts";
import { type ErrorCode, GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { type Document, parseDocument } from "../spec/document.ts";
import { checkName, getManifest, putManifest, resolveManifest } from "./manifests.ts";
import { readContent } from "./checked_content.ts";
import type { Place } from "./repository.ts";
import { addReferrer } from "./referrers.ts";

/** Writes a manifest, under its name if it gets one. */
export async function writeManifest(place: Place, content: Content, options: WriteOptions): Promise<Written> {
  const { signal, name } = options;
  const what = `write ${place.name(name ?? content.digest)}`;
  if (name !== undefined) checkName(name);
  const limit = place.wire.settings.limits.manifest;
  const { bytes, digest, size } = await readContent(content, { what, limit, signal });
  const { mediaType } = content;
  const subject = subjectOf(parseDocument(bytes, { mediaType, what }));
  const descriptor = { mediaType, digest, size };
  // One with a subject is sent again: only the answer to that tells who keeps the list of referrers. Artifactory denies
  // what is not there; should it matter, the PUT will say so.
  const present = !subject &&
    await digestNow(place, name ?? digest, signal, "not-found", "denied", "unauthorized");
  if (present === digest) return { descriptor, how: "present" };
  // A registry files what is put under a tag by its sha256.
  const references = algorithmOf(digest) !== "sha256" && name ? [digest, name] : [name ?? digest];
  let listed: string | null = null;
  for (const reference of references) {
    listed = await putManifest(place, reference, { bytes, descriptor, signal });
  }
  if (subject && listed !== subject) {
    await addReferrer(place, subject, referrerOf(bytes, descriptor, subject)!, { signal });
  }
  return { descriptor, how: "written" };
}

/** Gives a manifest a name. */
export async function tagManifest(
  place: Place,
  name: string,
  { digest }: Descriptor,
  { signal, expect }: Options & { expect?: Digest | null | undefined },
): Promise<void> {
  checkName(name);
  const now = await digestNow(place, name, signal, "not-found");
  if (expect !== undefined && expect !== now) {
    const [is, should] = [now ?? "free", expect ?? "free"];
    throw new GantryError("conflict", `tag ${place.name(name)}: it is ${is}, expected ${should}`);
  }
  // Where tags cannot be moved, putting the same manifest is refused too.
  if (now === digest) return;
  const { document: bytes, descriptor } = await getManifest(place, digest, { signal, scopes: place.push });
  await putManifest(place, name, { bytes, descriptor, signal });
}

/** What has the name now; null for the errors that mean nothing has. */
async function digestNow(
  place: Place,
  name: string,
  signal: AbortSignal | undefined,
  ...none: ErrorCode[]
): Promise<Digest | null> {
  try {
    return (await resolveManifest(place, name, { signal, scopes: place.push })).descriptor.digest;
  } catch (error) {
    if (GantryError.is(error, ...none)) return null;
    throw error;
  }
}

/** The digest of what a document is about. */
export function subjectOf(document: Document): Digest | undefined {
  if (document.kind === "schema1") return undefined;
  return (document.kind === "manifest" ? document.manifest : document.index).subject?.digest;
}
