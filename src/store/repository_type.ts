import type { Target } from "../content/contracts.ts";

/** One repository of a store, as a target. */
export interface StoreRepository extends Required<Omit<Target, "complete">> {
  /** Its name in full: `docker.io/library/alpine`. */
  readonly name: string;
}
