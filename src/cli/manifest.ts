import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { openChosen } from "./chosen.ts";

/** Adds `gantry manifest`. */
export function addManifest(program: Command, cli: Cli): void {
  program.command("manifest")
    .description("print the manifest of an image, or an index")
    .argument("<image>")
    .action(async (from: string) => {
      const root = await openChosen(from, cli);
      await cli.print(await root.rawManifest({ signal: cli.signal }));
    });
}
