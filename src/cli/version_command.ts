import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { version } from "./version.ts";

/** Adds `gantry version`. */
export function addVersion(program: Command, cli: Cli): void {
  program.command("version")
    .description("print the version")
    .action(() => cli.print(`${version}\n`));
}
