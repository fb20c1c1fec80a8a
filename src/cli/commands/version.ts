import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { commit, version } from "../version.ts";

/** `gantry version` */
export function define(command: Command, context: CommandContext): void {
  command.action(() => context.print(commit ? `${version} (${commit})\n` : `${version}\n`));
}
