import type { Command } from "commander";
import type { Cli } from "./cli.ts";

/** Adds `gantry catalog`. */
export function addCatalog(program: Command, cli: Cli): void {
  program.command("catalog")
    .description("list the repositories of a registry")
    .argument("<registry>", "host, and port if it has one")
    .option("--full-ref", "print the registry's name before each")
    .action(async (host: string, options: { fullRef?: boolean }) => {
      for await (const repository of cli.registry.catalog(host, { signal: cli.signal })) {
        await cli.print(`${options.fullRef ? `${host}/` : ""}${repository}\n`);
      }
    });
}
