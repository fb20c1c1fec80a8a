import type { Command } from "commander";
import type { CopyEvent } from "../../copy/mod.ts";
import type { Clients } from "../../places/scheme.ts";
import type { CommandContext } from "../context.ts";
import { type ProgressFlags, progressOf } from "./progress.ts";

/** The options of one transfer. */
export interface TransferOptions extends Clients {
  /** The same for all transfers, so that any later one goes on where this one was stopped. */
  session: string;
  foreign: boolean;
  signal: AbortSignal;
  progress?: (event: CopyEvent) => void;
}

/** Adds the options of commands that transfer something. */
export function addTransferOptions(command: Command): Command {
  return command
    .option("-q, --quiet", "tell of nothing but errors")
    .option("--json", "tell of progress on standard output, one JSON object a line");
}

/** How to transfer. */
export interface TransferFlags extends ProgressFlags {
  /** What is written is written whole: a transfer that is stopped leaves nothing to go on from. */
  whole?: boolean;
}

/** Transfers something; `verb` says in one word what happens to each blob that moves: `pushed`. */
export async function transfer<T>(
  context: CommandContext,
  verb: string,
  flags: TransferFlags,
  work: (options: TransferOptions) => Promise<T>,
): Promise<T> {
  const { options, signal } = context;
  const clients = await context.clients();
  const progress = progressOf(context, verb, flags);
  try {
    return await work({
      session: "gantry-cli",
      foreign: options.allowNondistributableArtifacts ?? false,
      signal,
      ...clients,
      ...(progress && { progress: (event) => progress.event(event) }),
    });
  } catch (error) {
    if (signal.aborted && !flags.whole) context.advice = "the same command goes on from here";
    throw error;
  } finally {
    await progress?.end();
  }
}
