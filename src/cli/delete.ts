import type { Command } from "commander";
import { GantryError } from "../errors.ts";
import { place } from "../places.ts";
import { isDigest } from "../spec/digest.ts";
import type { Cli } from "./cli.ts";

/** Adds `gantry delete`. */
export function addDelete(program: Command, cli: Cli): void {
  program.command("delete")
    .description("delete a tag, or a manifest by its digest")
    .argument("<image>")
    .action((image: string) => deleteImage(image, cli));
}

async function deleteImage(image: string, cli: Cli): Promise<void> {
  const { signal } = cli;
  const { target, name } = place(image, { registry: cli.registry });
  if (name === undefined) {
    throw new GantryError("invalid-name", `delete ${image}: it does not say what to delete`);
  }
  if (isDigest(name)) await target.delete!({ digest: name }, { role: "manifest", signal });
  else await target.untag!(name, { signal });
}
