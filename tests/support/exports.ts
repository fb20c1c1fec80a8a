/** Prints the files that deno.json exports, for tools that take files. */

import { readFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync(new URL("../../deno.json", import.meta.url), "utf8")) as {
  exports: Record<string, string>;
};
console.log([...new Set(Object.values(exports))].join(" "));
