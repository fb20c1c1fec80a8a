import type { Command } from "commander";
import { requireMethod } from "../../../content/require_method.ts";
import { GantryError } from "../../../errors.ts";
import { place } from "../../../places/place.ts";
import { isDigest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";

/** `gantry delete` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .action((image: string) => deleteImage(image, context));
}

async function deleteImage(image: string, context: CommandContext): Promise<void> {
  const { signal } = context;
  const { target, name } = place(image, await context.clients());
  const action = `delete ${image}`;
  if (name === undefined) throw new GantryError("invalid-name", `${action}: it does not say what to delete`);
  if (isDigest(name)) {
    await requireMethod(target, "delete", action)({ digest: name }, { role: "manifest", signal });
  } else {
    await requireMethod(target, "untag", action)(name, { signal });
  }
}
