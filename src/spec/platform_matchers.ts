/**
 * Matchers made of platforms and of other matchers.
 *
 * @module
 */

import { parsePlatform, type Platform } from "./platform.ts";
import { madeFor, type PlatformMatcher } from "./platform_match.ts";

/**
 * Parses several platforms, as `parsePlatform` does one.
 *
 * @throws {GantryError} `invalid-name`.
 */
export function parsePlatforms(texts: Iterable<string>, defaults?: Partial<Platform>): Platform[] {
  return [...texts].map((text) => parsePlatform(text, defaults));
}

/**
 * What one of several platforms is made for, as {@link madeFor} has it; those of the first are best.
 *
 * @example
 * ```ts
 * import { ordered, parsePlatforms } from "@gantry/oci/spec";
 *
 * const { compare } = ordered(...parsePlatforms(["linux/arm64", "linux/amd64"]));
 * parsePlatforms(["linux/386", "linux/amd64", "linux/arm64"]).sort(compare)[0]; // { os: "linux", architecture: "arm64" }
 * ```
 */
export function ordered(...platforms: readonly Platform[]): PlatformMatcher {
  return inOrder(platforms.map((platform) => madeFor(platform)));
}

/** What one of several matchers matches; what the first matches is best. */
export function inOrder(matchers: readonly PlatformMatcher[]): PlatformMatcher {
  const rank = (platform: Platform) => {
    const found = matchers.findIndex((matcher) => matcher.matches(platform));
    return found < 0 ? matchers.length : found;
  };
  return {
    matches: (candidate) => rank(candidate) < matchers.length,
    compare(a, b) {
      const [x, y] = [rank(a), rank(b)];
      return x - y || (matchers[x]?.compare(a, b) ?? 0);
    },
  };
}

/** What one of several platforms is made for; none of them is better than another. */
export function anyOf(...platforms: readonly Platform[]): PlatformMatcher {
  const matchers = platforms.map((platform) => madeFor(platform));
  return alike((candidate) => matchers.some((matcher) => matcher.matches(candidate)));
}

/** Every platform; none is better than another. */
export const everyPlatform: PlatformMatcher = alike(() => true);

/** What a matcher does not match; none of that is better than the rest. */
export function except(matcher: PlatformMatcher): PlatformMatcher {
  return alike((candidate) => !matcher.matches(candidate));
}

/** Platforms, best first; what is equally good stays in order, and what does not match comes last. */
export function sortPlatforms(platforms: Iterable<Platform>, matcher: PlatformMatcher): Platform[] {
  return [...platforms].sort(matcher.compare);
}

function alike(matches: (candidate: Platform) => boolean): PlatformMatcher {
  return { matches, compare: (a, b) => Number(matches(b)) - Number(matches(a)) };
}
