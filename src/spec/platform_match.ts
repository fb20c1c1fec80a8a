/**
 * What a machine runs, as container engines choose it.
 *
 * @module
 */

import { normalizePlatform, type Platform } from "./platform.ts";

/** Tells which platforms a machine can run, and which of them best. */
export interface PlatformMatcher {
  /** Whether it can run this one. */
  matches(candidate: Platform): boolean;
  /** Order for sorting: best first, last what does not match. */
  compare(a: Platform, b: Platform): number;
}

/**
 * What runs on a machine, as containerd sees it: its own variant, then older ones, then its 32-bit sibling. The features
 * that an image asks for must be there, and its version of Windows must go with the machine's.
 *
 * @example
 * ```ts
 * import { parsePlatform, runsOn } from "@gantry/oci/spec";
 *
 * const platforms = ["linux/386", "linux/arm64", "linux/amd64"].map((text) => parsePlatform(text));
 * platforms.sort(runsOn(parsePlatform("linux/amd64/v3")).compare)[0]; // { os: "linux", architecture: "amd64" }
 * ```
 */
export function runsOn(machine: Platform): PlatformMatcher {
  const processors = runnable(normalizePlatform(machine));
  return matcher(machine, (processor) => processors.indexOf(processor));
}

/** What is made for a machine: as {@link runsOn}, without older variants and siblings. */
export function madeFor(machine: Platform): PlatformMatcher {
  const own = nameOf(normalizePlatform(machine));
  return matcher(machine, (processor) => processor === own ? 0 : -1);
}

/** What is made for a machine's system, whatever the processor: the machine's own comes first. */
export function sameSystem(machine: Platform): PlatformMatcher {
  const own = nameOf(normalizePlatform(machine));
  return matcher(machine, (processor) => processor === own ? 0 : 1);
}

/** `place` tells how well a processor does, 0 is best and -1 not at all. */
function matcher(machine: Platform, place: (processor: string) => number): PlatformMatcher {
  const host = normalizePlatform(machine);
  const rank = (platform: Platform): number[] => {
    const candidate = normalizePlatform(platform);
    const at = place(nameOf(candidate));
    const fits = at >= 0 && host.os === candidate.os && windowsFits(host, candidate);
    // What lacks nothing but features is better than what does not fit at all.
    return fits ? [hasFeatures(host, candidate) ? 0 : 1, at] : [2, 0];
  };
  return {
    matches: (candidate) => rank(candidate)[0] === 0,
    compare(a, b) {
      const [x, y] = [rank(a), rank(b)];
      const order = x[0]! - y[0]! || x[1]! - y[1]!;
      if (order !== 0 || x[0] !== 0) return order;
      return (b["os.features"]?.length ?? 0) - (a["os.features"]?.length ?? 0) ||
        compareVersions(b["os.version"], a["os.version"]);
    },
  };
}

/** The processors whose programs a processor runs, itself first. */
function runnable({ architecture, variant = "" }: Platform): string[] {
  const own = nameOf({ architecture, variant });
  const [, major = 0, minor = 0] = (/^v(\d)(?:\.(\d))?$/.exec(variant) ?? []).map((part) =>
    Number(part ?? 0)
  );
  switch (architecture) {
    case "amd64":
      return [own, ...variants("amd64", major - 1, 2), "amd64", "386"];
    case "arm":
      return [own, ...variants("arm", major - 1, 5)];
    case "arm64": {
      if (variant !== "" && major < 8) return [own];
      // Armv9.0 took over from Armv8.5.
      const older = major === 9 ? [...variants("arm64", minor - 1, 1, "v9."), "arm64/v9"] : [];
      const eights = variants("arm64", major === 9 ? minor + 5 : minor - 1, 1, "v8.");
      return [own, ...older, ...eights, "arm64", ...variants("arm", 8, 5)];
    }
    default:
      return [own];
  }
}

function variants(architecture: string, from: number, to: number, prefix = "v"): string[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => `${architecture}/${prefix}${from - i}`);
}

function nameOf({ architecture, variant }: Pick<Platform, "architecture" | "variant">): string {
  return variant ? `${architecture}/${variant}` : architecture;
}

function hasFeatures(host: Platform, candidate: Platform): boolean {
  // Windows images name win32k, which every Windows but Nano Server has and few machines say.
  return (candidate["os.features"] ?? []).every((feature) =>
    host["os.features"]?.includes(feature) || (host.os === "windows" && feature === "win32k")
  );
}

const server2022 = 20348;

// https://learn.microsoft.com/virtualization/windowscontainers/deploy-containers/version-compatibility
function windowsFits(host: Platform, candidate: Platform): boolean {
  const [version, itsVersion] = [host["os.version"], candidate["os.version"]];
  if (host.os !== "windows" || !version || !itsVersion || version === itsVersion) return true;
  const [major, minor, build = 0] = numbers(version);
  const [itsMajor, itsMinor, itsBuild = 0] = numbers(itsVersion);
  if (major !== itsMajor || minor !== itsMinor) return false;
  return build === itsBuild || (build > itsBuild && itsBuild >= server2022);
}

function numbers(version: string): number[] {
  return version.split(".").map(Number);
}

function compareVersions(a = "", b = ""): number {
  const [x, y] = [numbers(a), numbers(b)];
  const differing = x.findIndex((part, i) => part !== (y[i] ?? 0));
  return differing < 0 ? x.length - y.length : x[differing]! - (y[differing] ?? 0);
}
