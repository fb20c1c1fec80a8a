import type { Command } from "commander";
import { GantryError } from "../errors.ts";
import { place } from "../places.ts";
import { isTag } from "../spec/reference.ts";
import type { Cli } from "./cli.ts";

/** Adds `gantry tag`. */
export function addTag(program: Command, cli: Cli): void {
  program.command("tag")
    .description("give an image in a registry one more tag")
    .argument("<img>")
    .argument("<tag>")
    .action((image: string, tag: string) => tagImage(image, tag, cli));
}

async function tagImage(image: string, tag: string, cli: Cli): Promise<void> {
  const { signal } = cli;
  if (!isTag(tag)) {
    throw new GantryError("invalid-name", `tag ${image}: ${JSON.stringify(tag)} is no tag`);
  }
  const { target, name } = place(image, { registry: cli.registry });
  if (name === undefined) throw new GantryError("invalid-name", `tag ${image}: it does not say what to tag`);
  const { descriptor } = await target.resolve(name, { signal });
  await target.tag(tag, descriptor, { signal });
}
