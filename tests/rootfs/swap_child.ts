/** Puts a link in the place of a directory and the directory back, over and over: for pack_test.ts. */

import { renameSync } from "node:fs";
import process from "node:process";

const [directory = "", link = ""] = process.argv.slice(2);
const away = `${link}-away`;
console.log("swapping");
for (;;) {
  renameSync(directory, away);
  renameSync(link, directory);
  renameSync(directory, link);
  renameSync(away, directory);
}
