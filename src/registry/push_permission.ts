import type { Options } from "../content/contracts.ts";
import type { Repository } from "./repository.ts";
import { Upload } from "./upload.ts";

/**
 * Makes sure that blobs may be written: begins an upload and gives it up.
 *
 * @throws {GantryError} `unauthorized`, `denied`, and what else a registry answers.
 */
export async function checkPushPermission(repository: Repository, { signal }: Options): Promise<void> {
  const upload = await Upload.begin(repository, { signal });
  await upload.cancel();
}
