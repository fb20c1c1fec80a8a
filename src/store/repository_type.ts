import type { Options, Target } from "../content/contracts.ts";
import type { Digest } from "../spec/digest.ts";

/** One repository of a store, as a target. */
export interface StoreRepository extends Required<Omit<Target, "complete" | "usage" | "presigned">> {
  /** Its name in full: `docker.io/library/alpine`. */
  readonly name: string;
}

/** One repository of a store as registries have it. */
export interface RegistryRepository extends StoreRepository, Required<Pick<Target, "usage">> {
  /**
   * Deletes the manifests to which no tag leads, by an index or as what they are about, and that nobody has pushed or used
   * for so many seconds; gives their digests.
   */
  forgetUntagged(options: ForgetOptions): Promise<Digest[]>;
}

/** Which manifests to forget. */
export interface ForgetOptions extends Options {
  /** Seconds. */
  olderThan: number;
  /** Forgets nothing. */
  dryRun?: boolean | undefined;
  /** Names of images, `acme/app:v1`, that are taken for gone. */
  without?: ReadonlySet<string> | undefined;
}
