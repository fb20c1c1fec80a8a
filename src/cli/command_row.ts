import type { Command } from "commander";
import type { CommandContext } from "./context.ts";

/** The headings under which help lists commands. */
export type CommandGroup = "Transfer" | "Inspect" | "Edit" | "Registry" | "Store" | "Other";

/** What the file of a command exports. */
export interface CommandModule {
  /** Declares the arguments and options of the command, and what it does. */
  define(command: Command, context: CommandContext): void;
}

/** A command: what help tells of it, and where it is. */
export interface CommandRow {
  /** Its words after `gantry`. */
  readonly path: string;
  readonly alias?: string;
  readonly group: CommandGroup;
  readonly summary: string;
  /** What may follow its words: two uses that help shows. */
  readonly examples?: readonly string[];
  /** Loads it once it is chosen. A row without it only holds the commands whose path begins with its own. */
  readonly load?: () => Promise<CommandModule>;
}
