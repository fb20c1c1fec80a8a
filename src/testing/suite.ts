import type { Target } from "../content/contracts.ts";

/** A medium under test. */
export interface Medium {
  /** A repository that is empty. */
  target: Target;
  /** Another instance over the same repository, as another process would have it. */
  again(): Target;
  /** Collects garbage at once, where the medium has any. */
  collect?(): Promise<void>;
  /** Lets go of everything. */
  close(): Promise<void>;
}

/** What a medium cannot do, with the reason; the suite asserts that it refuses with `unsupported`, or leaves it out. */
export interface TargetLimits {
  /** It deletes nothing by tag. */
  untag?: string;
  /** It cannot tell whether a blob is another repository's too. */
  deleteBlob?: string;
  /** It has no referrers of its own and keeps no fallback tag. */
  referrers?: string;
  /** It computes no digest but sha256. */
  sha512?: string;
  /** It cannot keep partial bytes for another instance. */
  resume?: string;
}

/** One run of the suite; medium and target are there once its tests run. */
export interface Suite {
  /** The medium under test. */
  readonly medium: Medium;
  /** Its repository. */
  readonly target: Target;
  /** What it cannot do. */
  readonly limits: TargetLimits;
}
