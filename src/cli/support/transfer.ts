import type { CopyEvent } from "../../copy/mod.ts";
import type { Registries } from "../../registry/mod.ts";
import type { CommandContext } from "../context.ts";
import { progressLine } from "./progress.ts";

/** The options of one transfer. */
export interface TransferOptions {
  /** The same for all transfers, so that any later one goes on where this one was stopped. */
  session: string;
  foreign: boolean;
  signal: AbortSignal;
  registry: Registries;
  progress?: (event: CopyEvent) => void;
}

/** How something is copied; `verb` says in one word what happens to each blob that moves: `pushed`. */
export async function transferOptions(context: CommandContext, verb: string): Promise<TransferOptions> {
  const { options, signal, environment } = context;
  return {
    session: "gantry-cli",
    foreign: options.allowNondistributableArtifacts ?? false,
    signal,
    registry: await context.registries(),
    ...(environment.stderr.isTTY && {
      progress: (event: CopyEvent) => {
        const line = progressLine(event, verb);
        if (line) void context.log(line);
      },
    }),
  };
}
