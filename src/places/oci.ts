import { stat } from "node:fs/promises";
import { join } from "node:path";
import { layout } from "../layout/mod.ts";
import { pathScheme } from "./path.ts";
import type { PathScheme } from "./scheme.ts";

/** OCI image layouts: `oci:DIRECTORY` and `oci:DIRECTORY:NAME`. */
export const ociScheme: PathScheme = pathScheme({
  prefix: "oci:",
  noun: "a layout",
  pathNoun: "DIRECTORY",
  at: (directory) => ({ source: () => layout(directory), target: ({ link }) => layout(directory, { link }) }),
  recognizes: async (path) =>
    await isThere(join(path, "index.json")) || await isThere(join(path, "oci-layout")),
});

function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
