import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { print } from "../version.ts";

/** `gantry version` */
export function define(command: Command, context: CommandContext): void {
  command.action(async () => void await print(context.environment.stdout));
}
