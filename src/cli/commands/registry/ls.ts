import type { Command } from "commander";
import { requireMethod } from "../../../content/require_method.ts";
import { parseContainer } from "../../../places/schemes.ts";
import type { CommandContext } from "../../context.ts";
import { fullRefOption, jsonOption } from "../../support/options.ts";

interface LsFlags {
  fullRef?: boolean;
  json?: boolean;
  omitDigestTags?: boolean;
  recursive?: boolean;
}

/** `gantry ls` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<repo>")
    .addOption(fullRefOption("repository", "each"))
    .addOption(jsonOption())
    .option("-O, --omit-digest-tags", "leave out tags that are made of digests: sha256-…")
    .option(
      "-r, --recursive",
      "list all repositories below it too, and untagged manifests, in Google's registries",
    )
    .action((repository: string, flags: LsFlags) =>
      flags.recursive ? listBelow(repository, flags, context) : list(repository, flags, context)
    );
}

async function list(repository: string, flags: LsFlags, context: CommandContext): Promise<void> {
  const place = parseContainer(repository);
  const source = place.source(await context.clients());
  const names = requireMethod(source, "names", `list the tags of ${repository}`);
  const tags: string[] = [];
  for await (const tag of names({ signal: context.signal })) {
    if (flags.omitDigestTags && tag.startsWith("sha256-")) continue;
    const name = `${flags.fullRef ? `${place.container}:` : ""}${tag}`;
    if (flags.json) tags.push(name);
    else await context.print(`${name}\n`);
  }
  if (flags.json) await context.printJson({ repository: place.container, tags });
}

/** Prints what gcrane does: `REPOSITORY@DIGEST`, and `REPOSITORY:TAG` for each of its tags. */
async function listBelow(repository: string, flags: LsFlags, context: CommandContext): Promise<void> {
  const registries = await context.registries();
  const place = parseContainer(repository);
  const found: object[] = [];
  for await (
    const { repository, manifests, tags } of registries.below(place.container, { signal: context.signal })
  ) {
    if (flags.json) {
      found.push({ repository, tags, ...(manifests && { manifests: Object.fromEntries(manifests) }) });
      continue;
    }
    const named = new Set([...manifests?.values() ?? []].flat());
    for (const [digest, tags] of manifests ?? []) {
      await context.print(
        [`${repository}@${digest}`, ...tags.map((tag) => `${repository}:${tag}`), ""].join("\n"),
      );
    }
    for (const tag of tags) if (!named.has(tag)) await context.print(`${repository}:${tag}\n`);
  }
  if (flags.json) await context.printJson(found);
}
