import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { checkStored } from "./digest_check.ts";
import { ensure } from "./errors.ts";
import type { Repository } from "./repository.ts";

/**
 * Sends a manifest under a tag or its digest. Gives the digest of the subject among whose referrers the registry lists it now,
 * or null where it does not say so.
 */
export async function putManifest(
  repository: Repository,
  reference: string,
  { bytes, descriptor, headers, signal }: Options & {
    bytes: Bytes;
    descriptor: Descriptor;
    headers?: Record<string, string>;
  },
): Promise<string | null> {
  const response = await repository.send("PUT", `manifests/${reference}`, {
    what: `write ${repository.reference(reference)}`,
    scopes: repository.pushScopes,
    headers: { ...headers, "content-type": descriptor.mediaType },
    body: bytes,
    signal,
  });
  await ensure(response, 200, 201, 202, 204);
  await response.discard();
  repository.existence?.written(reference);
  checkStored(response, descriptor.digest);
  return response.headers.get("oci-subject");
}
