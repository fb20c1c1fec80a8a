import type { Options } from "../content/contracts.ts";
import { type Platform, satisfies } from "../spec/platform.ts";
import type { IndexEntry } from "./index_body.ts";

/** Whether an entry of an index is meant. */
export type ManifestMatcher = (entry: IndexEntry, options: Options) => boolean | Promise<boolean>;

/**
 * Matches what an index has for some platforms; a field that is empty or left out is not asked for. What is for no
 * platform does not match.
 *
 * @example
 * ```ts
 * import { forPlatforms } from "@gantry/oci/image";
 * import { parsePlatform } from "@gantry/oci/spec";
 *
 * console.log(typeof forPlatforms([parsePlatform("linux/arm64")])); // function
 * ```
 */
export function forPlatforms(wanted: readonly Platform[]): ManifestMatcher {
  return ({ platform }) => platform !== undefined && wanted.some((one) => satisfies(platform, one));
}
