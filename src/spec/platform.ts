/**
 * Platforms: what an image needs to run.
 *
 * @module
 */

import { GantryError } from "../errors.ts";
import { aString, checkFields, dropNulls, strings } from "./check.ts";

/** The operating system and processor that an image is for. */
export interface Platform {
  /** Processor, as Go names it: `amd64`, `arm64`. Empty stands for any, in a platform that is asked for. */
  architecture: string;
  /** Operating system, as Go names it: `linux`, `windows`. Empty stands for any, in a platform that is asked for. */
  os: string;
  /** Version of the operating system; Windows images need theirs. */
  "os.version"?: string;
  /** What the operating system must offer, such as `win32k`. */
  "os.features"?: string[];
  /** Variant of the processor: `v7` for `arm`. */
  variant?: string;
  /** Reserved by the specification. */
  features?: string[];
}

/** The platform that is taken of an index where none is asked for, as with crane. */
export const defaultPlatform: Platform = { os: "linux", architecture: "amd64" };

/** A processor and its variant. */
type Processor = Pick<Platform, "architecture" | "variant">;

// https://go.dev/doc/install/source#environment and older ones
const systems =
  "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos";
const processors =
  "386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm";

// NAME(VERSION+FEATURE+FEATURE)
const systemGrammar = /^([a-z0-9_-]+)(?:\(([a-z0-9_.%-]*)((?:\+[a-z0-9_.%-]+)*)\))?$/i;
const partGrammar = /^[a-z0-9_.-]+$/i;

/**
 * Parses a platform: `linux/arm64`, `linux/arm/v7`, `windows/amd64:10.0.17763.1` or containerd's
 * `windows(10.0.17763.1+win32k)/amd64`. Other common names are put right (`x86_64`, `aarch64`, `macos`). A system or a
 * processor may stand alone; the other one is then that of `defaults`, or empty, which stands for any.
 *
 * @throws {GantryError} `invalid-name`.
 *
 * @example
 * ```ts
 * import { parsePlatform } from "@gantry/oci/spec";
 *
 * parsePlatform("linux/aarch64"); // { os: "linux", architecture: "arm64" }
 * ```
 */
export function parsePlatform(text: string, defaults: Partial<Platform> = {}): Platform {
  const [, path = "", version] = /^([^:]*)(?::([a-z0-9_.+-]+))?$/i.exec(text) ?? [];
  const [first = "", ...others] = path.split("/");
  const [found, name = "", inner = "", features = ""] = systemGrammar.exec(first) ?? [];
  const [architecture, variant] = others;
  if (found === undefined || others.length > 2 || !others.every((part) => partGrammar.test(part))) {
    throw bad(text, "not OS/ARCHITECTURE/VARIANT");
  }
  const platform = architecture === undefined
    ? complete(name, defaults, text)
    : { os: systemName(name), ...written(architecture, variant) };
  const osVersion = version ?? unescape(inner, text);
  if (osVersion) platform["os.version"] = osVersion;
  if (features) platform["os.features"] = features.slice(1).split("+").map((one) => unescape(one, text));
  return platform;
}

/** A platform as containerd writes it: `windows(10.0.17763.1)/amd64`. {@link parsePlatform} reads it. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  const features = [...platform["os.features"] ?? []].sort().map((feature) => `+${escape(feature)}`);
  const inner = escape(platform["os.version"] ?? "") + features.join("");
  return [inner && os ? `${os}(${inner})` : os, architecture, variant].filter(Boolean).join("/");
}

/** The usual names of what a platform says: `x86_64` becomes `amd64`, `arm64/v8` becomes `arm64`, `arm` becomes `arm/v7`. */
export function normalizePlatform(platform: Platform): Platform {
  const { variant, ...rest } = platform;
  const { architecture, ...named } = processor(platform.architecture, variant);
  if (architecture === "arm") named.variant ??= "v7";
  return { ...rest, os: systemName(platform.os), architecture, ...named };
}

/** Whether two platforms are the same, whatever they are called and in whatever order features stand. */
export function samePlatform(a: Platform, b: Platform): boolean {
  const [one, other] = [normalizePlatform(a), normalizePlatform(b)];
  return formatPlatform(one) === formatPlatform(other) &&
    includes(one.features, other.features) && includes(other.features, one.features);
}

/**
 * Whether an image for `candidate` is what `wanted` asks for. What `wanted` leaves out is not asked for; the version of
 * the system may be its beginning (`10.0.17763`); the features asked for must all be there.
 *
 * @example
 * ```ts
 * import { parsePlatform, satisfies } from "@gantry/oci/spec";
 *
 * satisfies({ os: "linux", architecture: "arm64", variant: "v8" }, parsePlatform("linux/arm64")); // true
 * ```
 */
export function satisfies(candidate: Platform, wanted: Platform): boolean {
  const have = normalizePlatform(candidate);
  const want = normalizePlatform(wanted);
  const version = want["os.version"];
  return (!want.os || want.os === have.os) &&
    (!want.architecture || want.architecture === have.architecture) &&
    (!wanted.variant || want.variant === have.variant) &&
    (!version || `${have["os.version"]}.`.startsWith(`${version}.`)) &&
    includes(have["os.features"], want["os.features"]) &&
    includes(have.features, want.features);
}

/** Checks a platform in parsed JSON and gives back the same object. */
export function checkPlatform(value: unknown, what: string): Platform {
  checkFields(
    value,
    {
      architecture: aString,
      os: aString,
      "os.version": aString,
      "os.features": strings,
      variant: aString,
      features: strings,
    },
    ["architecture", "os"],
    what,
  );
  dropNulls(value, ["os.version", "os.features", "variant", "features"]);
  return value as unknown as Platform;
}

/** A system or a processor that stands alone. */
function complete(name: string, defaults: Partial<Platform>, text: string): Platform {
  const os = systemName(name);
  if (systems.split(" ").includes(os)) {
    return { os, ...build(defaults.architecture ?? "", defaults.variant ?? "") };
  }
  const found = processor(name);
  if (processors.split(" ").includes(found.architecture)) return { os: defaults.os ?? "", ...found };
  throw bad(text, "unknown operating system or processor");
}

/** A processor whose variant was written down, though it be the one that usually is left out. */
function written(architecture: string, variant?: string): Processor {
  const found = processor(architecture, variant);
  if (variant && found.architecture === "arm64") found.variant ??= "v8";
  if (variant && found.architecture === "amd64") found.variant ??= "v1";
  return found;
}

// https://github.com/containerd/platforms/blob/main/database.go
function processor(name: string, variantName = ""): Processor {
  const architecture = name.toLowerCase();
  const variant = variantName.toLowerCase();
  switch (architecture) {
    case "i386":
      return build("386", "");
    case "x86_64":
    case "x86-64":
    case "amd64":
      return build("amd64", variant.replace(/^v1$/, ""));
    case "aarch64":
    case "arm64":
      return build("arm64", variant.replace(/^v?8(?:\.0)?$/, "").replace(/^v?9(?:\.0)?$/, "v9"));
    case "armhf":
      return build("arm", "v7");
    case "armel":
      return build("arm", "v6");
    case "arm":
      return build("arm", variant.replace(/^[5-8]$/, "v$&"));
    default:
      return build(architecture, variant);
  }
}

function build(architecture: string, variant: string): Processor {
  return variant === "" ? { architecture } : { architecture, variant };
}

function systemName(name: string): string {
  return name.toLowerCase().replace(/^macos$/, "darwin");
}

function includes(all: readonly string[] = [], some: readonly string[] = []): boolean {
  return some.every((item) => all.includes(item));
}

function escape(option: string): string {
  return option.replace(/[^a-zA-Z0-9_.-]/gu, (c) => encodeURIComponent(c).replace(/^[^%]$/, percent));
}

/** For the few characters that `encodeURIComponent` leaves alone. */
function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function unescape(option: string, text: string): string {
  try {
    return decodeURIComponent(option);
  } catch {
    throw bad(text, `${JSON.stringify(option)} has a broken escape`);
  }
}

function bad(text: string, problem: string): GantryError {
  return new GantryError("invalid-name", `parse platform ${JSON.stringify(text.slice(0, 200))}: ${problem}`);
}
