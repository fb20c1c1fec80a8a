import type { Command } from "commander";
import { GantryError } from "../../../errors.ts";
import { place } from "../../../places/place.ts";
import { isTag } from "../../../spec/reference.ts";
import type { CommandContext } from "../../context.ts";

/** `gantry tag` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<img>")
    .argument("<tag>")
    .action((image: string, tag: string) => tagImage(image, tag, context));
}

async function tagImage(image: string, tag: string, context: CommandContext): Promise<void> {
  const { signal } = context;
  if (!isTag(tag)) {
    throw new GantryError("invalid-name", `tag ${image}: ${JSON.stringify(tag)} is no tag`);
  }
  const { target, name } = place(image, await context.clients());
  if (name === undefined) throw new GantryError("invalid-name", `tag ${image}: it does not say what to tag`);
  const { descriptor } = await target.resolve(name, { signal });
  await target.tag(tag, descriptor, { signal });
}
