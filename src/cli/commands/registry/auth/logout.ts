import type { Command } from "commander";
import { logout } from "../../../../keychain/login.ts";
import type { CommandContext } from "../../../context.ts";

/** `gantry auth logout` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<server>", "as it was given to gantry auth login")
    .action(async (server: string) => {
      const { signal, environment: { env } } = context;
      const { path } = await logout(server, { env, signal });
      await context.log(`logged out via ${path}`);
    });
}
