import type { Command } from "commander";
import { repositoryNameOf } from "./names.ts";
import type { Cli } from "./cli.ts";
import { openChosen } from "./chosen.ts";
import { place } from "../places.ts";

/** Adds `gantry digest`. */
export function addDigest(program: Command, cli: Cli): void {
  program.command("digest")
    .description("print the digest of an image or index")
    .argument("<image>")
    .option("--full-ref", "print the repository's name before it")
    .action(async (from: string, options: { fullRef?: boolean }) => {
      const digest = await digestOf(from, cli);
      await cli.print(`${options.fullRef ? `${repositoryNameOf(from)}@` : ""}${digest}\n`);
    });
}

async function digestOf(from: string, cli: Cli): Promise<string> {
  const { target, name } = place(from, { registry: cli.registry });
  if (cli.platform || name === undefined) return await (await openChosen(from, cli)).digest();
  return (await target.resolve(name, { signal: cli.signal })).descriptor.digest;
}
