import type { Content, Options, WriteOptions, Written } from "../content/contracts.ts";
import { referrerOf } from "../content/relations.ts";
import { type ErrorCode, GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { type Document, parseDocument } from "../spec/document.ts";
import { readContent } from "./checked_content.ts";
import { registryErrorOf } from "./errors.ts";
import { uploadBlob } from "./blob_upload.ts";
import { checkManifest, digestManifest } from "./manifest_digest.ts";
import { putManifest } from "./manifest_put.ts";
import { checkName, getManifest, resolveManifest } from "./manifest_resolve.ts";
import type { Repository } from "./repository.ts";
import { addReferrer } from "./referrers_tag.ts";

/** Writes a manifest, and tags it where there is a name. */
export async function writeManifest(
  repository: Repository,
  content: Content,
  options: WriteOptions,
): Promise<Written> {
  const { signal, name } = options;
  const what = `write ${repository.reference(name ?? content.digest)}`;
  if (name !== undefined) checkName(name);
  const limit = repository.client.settings.limits.manifest;
  const { bytes, size } = await readContent({ ...content, digest: undefined }, { what, limit, signal });
  const { signedPart, digestBytes } = repository;
  if (content.digest) await checkManifest(bytes, content.digest, { what, signedPart, digestBytes });
  const digest = content.digest ?? await digestManifest(bytes, "", { what, signedPart, digestBytes });
  const { mediaType } = content;
  const document = parseDocument(bytes, { mediaType, what: repository.reference(name ?? digest) });
  const subject = subjectOf(document);
  const descriptor = { mediaType, digest, size };
  // A manifest with a subject is always sent: only the response tells whether the registry keeps the list of referrers.
  // Artifactory answers 401 or 403 for what is not there. If that means more, the PUT will fail too.
  const absent = subject || repository.existence?.isMissed(name ?? digest) ||
    await repository.existence?.isNew({ signal });
  const present = !absent &&
    await currentDigest(repository, name ?? digest, signal, "not-found", "denied", "unauthorized");
  if (present === digest) return { descriptor, how: "present" };
  // A registry computes the sha256 of what is put under a tag, so other digests need a PUT of their own.
  const references = algorithmOf(digest) !== "sha256" && name ? [digest, name] : [name ?? digest];
  let listed: string | null = null;
  for (const reference of references) {
    const put = () => putManifest(repository, reference, { bytes, descriptor, signal });
    listed = await put().catch(async (error) => {
      if (await sendMissing(repository, document, error, { signal })) return await put();
      if (!await isImmutable(repository, reference, digest, error, { signal })) throw error;
      return await putManifest(repository, digest, { bytes, descriptor, signal });
    });
  }
  repository.foundBlobs?.take(blobsOf(document)); // the registry has them indeed
  if (subject && listed !== subject) {
    await addReferrer(repository, subject, referrerOf(bytes, descriptor, subject)!, { signal });
  }
  return { descriptor, how: "written" };
}

/**
 * Sends blobs that were there and that the registry misses now: between HEAD and PUT, its garbage collection may have run.
 * Tells whether there were any.
 */
async function sendMissing(
  repository: Repository,
  document: Document,
  error: unknown,
  { signal }: Options,
): Promise<boolean> {
  const { codes = [], digests = [] } = registryErrorOf(error) ?? {};
  if (!codes.some((code) => code === "MANIFEST_BLOB_UNKNOWN" || code === "BLOB_UNKNOWN")) return false;
  const named = blobsOf(document).filter((digest) => digests.includes(digest));
  const found = repository.foundBlobs?.take(named.length > 0 ? named : blobsOf(document)) ?? [];
  for (const content of found) await uploadBlob(repository, content, { signal });
  return found.length > 0;
}

/** Whether a registry refused to set a tag only because that is set already: some refuse even the same manifest again. */
async function isImmutable(
  repository: Repository,
  reference: string,
  digest: Digest,
  error: unknown,
  { signal }: Options,
): Promise<boolean> {
  const { status = 0 } = registryErrorOf(error) ?? {};
  if (reference === digest || ![400, 403, 405, 409, 412].includes(status)) return false;
  return await currentDigest(repository, reference, signal, "not-found").catch(() => null) === digest;
}

/** Tags a manifest. */
export async function tagManifest(
  repository: Repository,
  name: string,
  { digest }: Descriptor,
  { signal, expect }: Options & { expect?: Digest | null | undefined },
): Promise<void> {
  checkName(name);
  const now = await currentDigest(repository, name, signal, "not-found");
  if (expect !== undefined && expect !== now) {
    const [is, should] = [now ?? "free", expect ?? "free"];
    throw new GantryError("conflict", `tag ${repository.reference(name)}: it is ${is}, expected ${should}`);
  }
  // Registries with immutable tags refuse even a PUT of the same manifest.
  if (now === digest) return;
  const { document: bytes, descriptor } = await getManifest(repository, digest, {
    signal,
    scopes: repository.pushScopes,
  });
  await putManifest(repository, name, { bytes, descriptor, signal });
}

/** The digest that has the name now; null for the errors that mean that nothing has it. */
async function currentDigest(
  repository: Repository,
  name: string,
  signal: AbortSignal | undefined,
  ...none: ErrorCode[]
): Promise<Digest | null> {
  try {
    return (await resolveManifest(repository, name, { signal, scopes: repository.pushScopes })).descriptor
      .digest;
  } catch (error) {
    if (GantryError.is(error, ...none)) return null;
    throw error;
  }
}

/** The digest of a document's subject. */
export function subjectOf(document: Document): Digest | undefined {
  if (document.kind === "schema1") return undefined;
  return (document.kind === "manifest" ? document.manifest : document.index).subject?.digest;
}

/** The blobs that a document names. */
function blobsOf(document: Document): Digest[] {
  if (document.kind !== "manifest") return [];
  const { config, layers } = document.manifest;
  return [config, ...layers].map(({ digest }) => digest);
}
