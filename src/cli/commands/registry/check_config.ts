import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { protectedBy } from "../../support/serve/auth.ts";
import { readCertificate } from "../../support/serve/certificate.ts";
import { readServeConfig } from "../../support/serve/config.ts";

/** `gantry registry check-config` */
export function define(command: Command, context: CommandContext): void {
  command.argument("<file>").action(async (path: string) => {
    const config = await readServeConfig(path);
    if (config.tls) await readCertificate(config.tls);
    await protectedBy(config, () => Promise.resolve(new Response()));
    await context.print(`${path} is right\n`);
  });
}
