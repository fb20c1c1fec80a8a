/** Options that several commands have. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { GantryError } from "../../errors.ts";
import { parsePlatform, type Platform } from "../../spec/platform.ts";

/** Adds the options of every command. */
export function addGlobalOptions(program: Command): void {
  program
    .option("--allow-nondistributable-artifacts", "allow pushing non-distributable (foreign) layers")
    .option(
      "--hosts <path>",
      "file or directory that says how registries are reached; may be repeated",
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option("--insecure", "allow registries without TLS, or with certificates that nothing vouches for")
    .option(
      "--platform <platform>",
      "os/arch[/variant][:osversion] of an image, such as linux/amd64, or all",
      addPlatforms,
    )
    .option(
      "--store <dir>",
      "where the store is, or s3://BUCKET/PREFIX (default: gantry/store where XDG_DATA_HOME says)",
    )
    .option(
      "--timeout <duration>",
      "give up on a registry from which nothing came for so long, such as 45s or 5m (default: 90s)",
      parseTimeout,
    )
    .option("-v, --verbose", "tell of every request");
}

/** `--full-ref`, of commands that print names; `before` says of what. */
export function fullRefOption(name: "registry" | "repository", before: "it" | "each"): Option {
  return new Option("--full-ref", `print the ${name}'s name before ${before}`);
}

/** `--json`, of commands that list or describe. */
export function jsonOption(): Option {
  return new Option("--json", "print one JSON object");
}

function addPlatforms(
  text: string,
  before: readonly (Platform | "all")[] = [],
): readonly (Platform | "all")[] {
  return [...before, ...text.split(",").map((one) => one === "all" ? one : parsePlatformOption(one))];
}

/** A platform as the value of an option. */
export function parsePlatformOption(text: string): Platform {
  try {
    return parsePlatform(text);
  } catch (error) {
    if (!GantryError.is(error)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}

const units: Record<string, number> = { "ms": 1, "": 1000, "s": 1000, "m": 60_000, "h": 3_600_000 };

function parseTimeout(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const milliseconds = Number(number) * units[unit]!;
  // Timers count no further.
  if (milliseconds > 0 && milliseconds < 2 ** 31) return milliseconds;
  throw new InvalidArgumentError("It is a duration such as 45s or 5m.");
}
