import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { repositoryOf } from "./names.ts";

/** Adds `gantry ls`. */
export function addLs(program: Command, cli: Cli): void {
  program.command("ls")
    .description("list the tags of a repository")
    .argument("<repo>")
    .option("--full-ref", "print the repository's name before each")
    .option("-O, --omit-digest-tags", "leave out tags that are made of digests: sha256-…")
    .action(list);

  async function list(repository: string, options: { fullRef?: boolean; omitDigestTags?: boolean }) {
    const { target, name } = repositoryOf(repository, cli);
    for await (const tag of target.names?.({ signal: cli.signal }) ?? []) {
      if (options.omitDigestTags && tag.startsWith("sha256-")) continue;
      await cli.print(`${options.fullRef ? `${name}:` : ""}${tag}\n`);
    }
  }
}
