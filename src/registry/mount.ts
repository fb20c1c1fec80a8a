import type { Options, Origin } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import { isRepository } from "../spec/reference.ts";
import type { Repository } from "./repository.ts";
import { repositoryScope } from "./scope.ts";
import { postUpload, Upload } from "./upload.ts";

/** From how many repositories a mount is tried. */
const mostOrigins = 3;

/**
 * Mounts a blob from one of the repositories of the same registry. Where the registry declines and begins an upload instead,
 * gives that upload.
 */
export async function mountBlob(
  repository: Repository,
  digest: Digest,
  origins: AsyncIterable<Origin>,
  { signal }: Options,
): Promise<"mounted" | Upload | undefined> {
  let begun: Upload | undefined;
  let tries = 0;
  for await (const { registry, repository: from } of origins) {
    if (registry !== repository.registry || from === repository.name || !isRepository(from)) continue;
    if (++tries > mostOrigins) break;
    try {
      await begun?.cancel();
      begun = undefined;
      const query = `?mount=${digest}&from=${encodeURIComponent(from)}`;
      const scopes = [repositoryScope(from, "pull")];
      const response = await postUpload(repository, { query, signal, scopes });
      if (response.status === 202) begun = await Upload.from(repository, response);
      else await response.discard();
      if (response.status === 201) return "mounted";
    } catch (error) {
      // Registries refuse to mount in many ways; after none of them is uploading pointless.
      if (signal?.aborted || !GantryError.is(error)) throw error;
    }
  }
  return begun;
}
