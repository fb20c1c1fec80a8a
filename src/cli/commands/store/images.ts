import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { addListOptions, type ListFlags, listImages } from "./images_ls.ts";

/** `gantry images` */
export function define(command: Command, context: CommandContext): void {
  addListOptions(command).action((flags: ListFlags) => listImages([], flags, context));
}
