import type { Options, Target } from "../content/contracts.ts";

/** One repository of a store, as a target. */
export interface StoreRepository extends Required<Omit<Target, "complete" | "names">> {
  /** Its name in full: `docker.io/library/alpine`. */
  readonly name: string;
  /** The tags, in the order of their bytes; those behind `after`, if it is given. */
  names(options?: Options & { after?: string | undefined }): AsyncIterable<string>;
}
