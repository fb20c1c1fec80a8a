import { setTimeout } from "node:timers/promises";
import { type Bytes, observed } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { verifying } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import { type Digest, hexOf } from "../spec/digest.ts";
import type { Namespace } from "./namespace.ts";

/** How to scrub. */
export interface ScrubOptions extends Options {
  /** How many bytes are read a second, at most. Default: as many as the disk gives. */
  rate?: number | undefined;
}

/** A blob that was read again. */
export interface Scrubbed {
  /** Its name. */
  readonly digest: Digest;
  /** How many bytes were read. */
  readonly size: number;
  /** What is wrong with it. */
  readonly problem?: string | undefined;
  /** Whether it was put out of the way: not where the disk cannot read it, as it may later. */
  readonly quarantined: boolean;
}

/** Reads every blob once, from a random one on, so that those who never come to an end come to all of them. */
export async function* scrubStore(
  namespace: Namespace,
  options: ScrubOptions,
): AsyncGenerator<Scrubbed, void, void> {
  const { blobs, events } = namespace.shared;
  const first = crypto.randomUUID().replaceAll("-", "");
  for (const behind of [true, false]) {
    for await (const { digest } of blobs.all({ signal: options.signal })) {
      if (digest === undefined || (hexOf(digest) >= first) !== behind) continue;
      const scrubbed = await scrubBlob(namespace, digest, options);
      if (scrubbed?.quarantined) events.emit({ type: "content-corrupt", namespace: namespace.name, digest });
      if (scrubbed) yield scrubbed;
    }
  }
}

/** Nothing where it has been removed. */
async function scrubBlob(
  { shared: { blobs } }: Namespace,
  digest: Digest,
  { rate, signal }: ScrubOptions,
): Promise<Scrubbed | undefined> {
  let size = 0;
  const pace = async ({ byteLength }: Bytes) => {
    size += byteLength;
    if (rate !== undefined) {
      await setTimeout(byteLength / rate * 1000, undefined, signal && { signal });
    }
  };
  try {
    const bytes = observed(await blobs.open({ digest }, { signal }), { chunk: pace });
    await bytes.pipeThrough(verifying({ digest }, { what: `blob ${digest}` }))
      .pipeTo(new WritableStream(), { signal });
    return { digest, size, quarantined: false };
  } catch (error) {
    signal?.throwIfAborted();
    if (GantryError.is(error, "not-found")) return undefined;
    if (!GantryError.is(error, "digest-mismatch", "size-mismatch", "invalid-document", "storage")) {
      throw error;
    }
    const isWrong = GantryError.is(error, "digest-mismatch");
    const quarantined = isWrong && (await blobs.quarantine?.(digest, { signal }) ?? false);
    // Written anew while it was read.
    if (isWrong && blobs.quarantine && !quarantined) return { digest, size, quarantined };
    return { digest, size, problem: error.message, quarantined };
  }
}
