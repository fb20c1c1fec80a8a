import type { Bytes } from "../bytes.ts";
import type { Address, OpenOptions } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { follow } from "../http/url.ts";
import { download } from "./download.ts";
import { originOf } from "./origin.ts";
import { inParallel } from "./parallel_download.ts";
import type { Repository } from "./repository.ts";

/** How many of a descriptor's addresses are tried. */
const mostAddresses = 4;

/** Opens a blob, or a range of it: at the registry, or else where its descriptor says that it may be had. */
export async function openBlob(
  repository: Repository,
  what: Address,
  options: OpenOptions,
): Promise<ReadableStream<Bytes>> {
  try {
    return await inParallel(repository, what, options) ?? await download(repository, what, options);
  } catch (error) {
    if (!what.urls?.length || !GantryError.is(error, "not-found")) throw error;
    return await openElsewhere(repository, what, options, error);
  }
}

/** Windows' base layers stand in no registry but Microsoft's. */
async function openElsewhere(
  repository: Repository,
  what: Address,
  options: OpenOptions,
  missing: unknown,
): Promise<ReadableStream<Bytes>> {
  let failure = missing;
  for (const address of what.urls!.slice(0, mostAddresses)) {
    try {
      const base = originOf(repository.client, repository.registry);
      const from = follow(base, address, `read ${repository.reference(what.digest)}`);
      return await download(repository, what, { ...options, from });
    } catch (error) {
      if (options.signal?.aborted || !GantryError.is(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}
