import type { Content, WriteOptions, Written } from "../content/contracts.ts";
import { findBlob, resolveBlob } from "./blob_resolve.ts";
import { isUploadedAtOnce, uploadBlob, uploadSession } from "./blob_upload.ts";
import { sessionKey } from "./ingest.ts";
import { KeyedLock } from "./keyed_lock.ts";
import { mountBlob } from "./mount.ts";
import type { Digest } from "../spec/digest.ts";
import type { Repository } from "./repository.ts";

/** Writes a blob: finds it already there, mounts it from another repository, or uploads it. */
export async function writeBlob(
  repository: Repository,
  content: Content,
  options: WriteOptions,
): Promise<Written> {
  const { signal } = options;
  const { digest } = content;
  if (!digest) return { descriptor: await uploadBlob(repository, content, { signal }), how: "written" };
  // Images that are pushed at the same time share blobs: whoever comes second finds what the first has sent.
  const locks = repository.client.locks ??= new KeyedLock();
  return await locks.run(`blob ${repository.reference(digest)}`, async () => {
    const written = await writeNamed(repository, { ...content, digest }, options);
    if (written.how !== "written") repository.foundBlobs?.add(digest, content);
    return written;
  }, signal);
}

async function writeNamed(
  repository: Repository,
  content: Content & { digest: Digest },
  options: WriteOptions,
): Promise<Written> {
  const { signal } = options;
  const { mediaType, digest } = content;
  const session = await sessionFor(repository, content, options.session);
  const descriptor = async (size = content.size) => {
    size ??= (await resolveBlob(repository, digest, { signal })).descriptor.size;
    return { mediaType, digest, size };
  };
  const atOnce = isUploadedAtOnce(repository, content);
  // In a repository that is not there, mounting costs no more than looking, and neither does sending a little.
  const isNew = (atOnce || options.origins) && await repository.existence?.isNew({ signal });
  let found = isNew ? undefined : await findBlob(repository, digest, { signal });
  const mounted = found ? undefined : options.origins &&
    await mountBlob(repository, digest, options.origins, { signal });
  if (mounted === "mounted") return { descriptor: await descriptor(), how: "mounted" };
  // A push that was stopped may have left it in what is no repository yet.
  if (isNew && !atOnce) found = await findBlob(repository, digest, { signal });
  if (found) {
    await mounted?.cancel();
    if (session) await repository.client.settings.sessions.delete(sessionKey(repository, session));
    return { descriptor: await descriptor(content.size ?? found.size), how: "present" };
  }
  if (session) {
    await mounted?.cancel();
    return { descriptor: await uploadSession(repository, content, { session, signal }), how: "written" };
  }
  return { descriptor: await uploadBlob(repository, content, { begun: mounted, signal }), how: "written" };
}

/** The session of a blob that is uploaded in pieces, or was by an earlier call. */
async function sessionFor(
  repository: Repository,
  content: Content,
  session: string | undefined,
): Promise<string | undefined> {
  if (session === undefined || !isUploadedAtOnce(repository, content)) return session;
  const begun = await repository.client.settings.sessions.get(sessionKey(repository, session));
  return begun === undefined ? undefined : session;
}
