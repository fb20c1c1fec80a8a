import type { Command } from "commander";
import { image } from "../places.ts";
import type { Cli } from "./cli.ts";

/** Adds `gantry config`. */
export function addConfig(program: Command, cli: Cli): void {
  program.command("config")
    .description("print the config of an image")
    .argument("<image>")
    .action(async (from: string) => {
      const { signal, registry, platform } = cli;
      const found = await image(from, { signal, registry, platform });
      await cli.print(await found.rawConfigFile({ signal }));
    });
}
