import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { version } from "../version.ts";

/** `gantry version` */
export function define(command: Command, context: CommandContext): void {
  command.action(() => context.print(`${version}\n`));
}
