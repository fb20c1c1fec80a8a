/**
 * The platform of a machine, from what it says of itself.
 *
 * @module
 */

import { normalizePlatform, type Platform } from "./platform.ts";
import { type PlatformMatcher, runsOn } from "./platform_match.ts";
import { inOrder } from "./platform_matchers.ts";

/** What a machine says of itself. */
export interface HostFacts {
  /** Its operating system, as Node's `process.platform` or Go has it. */
  readonly os: string;
  /** Its processor, as Node's `process.arch` or Go has it. */
  readonly architecture: string;
  /** On Linux, what is in `/proc/cpuinfo`, which tells the variant of the processor. Default: it is not known. */
  readonly cpuinfo?: string | undefined;
  /** On Windows, the version of the system, such as `10.0.20348`. Default: it is not known. */
  readonly osVersion?: string | undefined;
}

const systems: Record<string, string> = { win32: "windows", sunos: "solaris" };
const processors: Record<string, string> = { x64: "amd64", ia32: "386", ppc64: "ppc64le", mipsel: "mipsle" };

/** What each level of amd64 has that the one below has not: https://gitlab.com/x86-psABIs/x86-64-ABI */
const levels: readonly [string, readonly string[]][] = [
  ["v2", ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"]],
  ["v3", ["abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"]],
  ["v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
];

/**
 * The platform of a machine, with the variant of its processor where that is known.
 *
 * @example
 * ```ts
 * import { hostPlatform } from "@gantry/oci/spec";
 *
 * hostPlatform({ os: "linux", architecture: "arm", cpuinfo: "CPU architecture: 7" }); // linux/arm/v7
 * ```
 */
export function hostPlatform({ os, architecture, cpuinfo = "", osVersion }: HostFacts): Platform {
  const named = {
    os: systems[os] ?? os,
    architecture: processors[architecture] ?? architecture,
  };
  const variant = named.architecture === "amd64"
    ? levelOf(cpuinfo)
    : named.architecture === "arm" || named.architecture === "arm64"
    ? armVariantOf(cpuinfo, named.architecture)
    : undefined;
  return normalizePlatform({
    ...named,
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { "os.version": osVersion }),
  });
}

/** What runs on a machine; macOS and FreeBSD run the images of Linux too, in a machine of their own. */
export function runsOnHost(host: Platform): PlatformMatcher {
  if (host.os !== "darwin" && host.os !== "freebsd") return runsOn(host);
  const { "os.version": _version, "os.features": _features, ...processor } = host;
  return inOrder([runsOn(host), runsOn({ ...processor, os: "linux" })]);
}

function levelOf(cpuinfo: string): string | undefined {
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1]?.split(" "));
  let found: string | undefined;
  for (const [level, needed] of levels) {
    if (!needed.every((flag) => flags.has(flag))) break;
    found = level;
  }
  return found;
}

function armVariantOf(cpuinfo: string, architecture: string): string | undefined {
  const [, version] = /^CPU architecture\s*:\s*(\d+|AArch64)/mi.exec(cpuinfo) ?? [];
  if (version === undefined) return undefined;
  // The first Raspberry Pi says 7 and is a 6: https://github.com/moby/moby/pull/36121
  if (version === "7" && /^model name\s*:\s*ARMv6/mi.test(cpuinfo)) return "v6";
  if (/aarch64/i.test(version)) return "v8";
  return architecture === "arm" && Number(version) > 8 ? "v8" : `v${version}`;
}
