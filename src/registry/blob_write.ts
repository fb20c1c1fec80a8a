import type { Content, WriteOptions, Written } from "../content/contracts.ts";
import { findBlob, resolveBlob } from "./blob_resolve.ts";
import { uploadBlob, uploadSession } from "./blob_upload.ts";
import { sessionKey } from "./ingest.ts";
import { mountBlob } from "./mount.ts";
import type { Repository } from "./repository.ts";

/** Writes a blob: finds it already there, mounts it from another repository, or uploads it. */
export async function writeBlob(
  repository: Repository,
  content: Content,
  options: WriteOptions,
): Promise<Written> {
  const { signal } = options;
  const { mediaType, digest } = content;
  const session = digest && options.session;
  if (!digest) return { descriptor: await uploadBlob(repository, content, { signal }), how: "written" };
  const descriptor = async (size = content.size) => {
    size ??= (await resolveBlob(repository, digest, { signal })).descriptor.size;
    return { mediaType, digest, size };
  };
  const found = await findBlob(repository, digest, { signal });
  if (found) {
    if (session) await repository.client.settings.sessions.delete(sessionKey(repository, session));
    return { descriptor: await descriptor(content.size ?? found.size), how: "present" };
  }
  const mounted = options.origins && await mountBlob(repository, digest, options.origins, { signal });
  if (mounted === "mounted") return { descriptor: await descriptor(), how: "mounted" };
  if (session) {
    await mounted?.cancel();
    return { descriptor: await uploadSession(repository, content, { session, signal }), how: "written" };
  }
  return { descriptor: await uploadBlob(repository, content, { begun: mounted, signal }), how: "written" };
}
