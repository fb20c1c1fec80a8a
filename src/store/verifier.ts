import type { Bytes } from "../bytes.ts";
import type { Options, Source } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";

/** An image that is about to be pulled, of which nothing but the manifest or index has been fetched. */
export interface ImageCandidate {
  /** What it is going to be called: `docker.io/library/alpine:3.20`. */
  readonly name: string;
  /** Its manifest or index. */
  readonly descriptor: Descriptor;
  /** The bytes of that, verified. */
  readonly document: Bytes;
  /** Where it is; signatures are among its referrers, or at tags made of its digest. */
  readonly source: Source;
}

/** What a verifier says. */
export interface Verdict {
  /** Whether the image may be pulled. */
  readonly ok: boolean;
  /** Why, for people. */
  readonly reason: string;
}

/** Is asked whether an image may be pulled, before anything but its manifest or index is fetched. */
export type ImageVerifier = (candidate: ImageCandidate, options: Options) => Verdict | Promise<Verdict>;

/** Asks all verifiers; what one of them refuses, or fails to look at, is refused. */
export async function verifyImage(
  verifiers: readonly ImageVerifier[],
  candidate: ImageCandidate,
  options: Options,
): Promise<void> {
  for (const verifier of verifiers) {
    const { ok, reason } = await verifier(candidate, options);
    if (ok) continue;
    throw new GantryError(
      "denied",
      `pull ${JSON.stringify(candidate.name)}: it may not be pulled: ${reason}`,
    );
  }
}
