/** Options that several commands have. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { GantryError } from "../../errors.ts";
import { parsePlatform, type Platform } from "../../spec/platform.ts";

/** Adds the options of every command. */
export function addGlobalOptions(program: Command): void {
  program
    .option("--allow-nondistributable-artifacts", "allow pushing non-distributable (foreign) layers")
    .option("--insecure", "allow registries without TLS, or with certificates that nothing vouches for")
    .option(
      "--platform <platform>",
      "os/arch[/variant][:osversion] of an image, such as linux/amd64, or all",
      parsePlatformOption,
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

function parsePlatformOption(text: string): Platform | "all" {
  if (text === "all") return text;
  try {
    return parsePlatform(text);
  } catch (error) {
    if (!GantryError.is(error)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}
