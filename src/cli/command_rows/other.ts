import type { CommandRow } from "../command_row.ts";

/** What help lists under "Other". */
export const otherRows: readonly CommandRow[] = [
  { path: "layout", group: "Other", summary: "look after OCI image layouts" },
  {
    path: "layout gc",
    group: "Other",
    summary: "remove the blobs of a layout that nothing names",
    examples: ["./images", "--untagged --grace 3600 ./images"],
    load: () => import("../commands/layout/gc.ts"),
  },
  {
    path: "version",
    group: "Other",
    summary: "print the version",
    examples: ["", "--json"],
    load: () => import("../commands/version.ts"),
  },
];
