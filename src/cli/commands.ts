import type { CommandRow } from "./command_row.ts";
import { editRows } from "./command_rows/edit.ts";
import { inspectRows } from "./command_rows/inspect.ts";
import { otherRows } from "./command_rows/other.ts";
import { registryRows } from "./command_rows/registry.ts";
import { storeRows } from "./command_rows/store.ts";
import { transferRows } from "./command_rows/transfer.ts";

/** All commands, in the order of help. A new command is a file in `commands/` and a row in the list of its group. */
export const commands: readonly CommandRow[] = [
  ...transferRows,
  ...inspectRows,
  ...editRows,
  ...registryRows,
  ...storeRows,
  ...otherRows,
];
