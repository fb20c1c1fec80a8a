/** Writes images into a store until the disk is full, which is a limit on the size of files here: for full_test.ts. */

import process from "node:process";
import { GantryError } from "../../src/errors.ts";
import { store } from "../../src/store/mod.ts";
import { putImage } from "../layout/support.ts";

const [directory = "."] = process.argv.slice(2);
const there = store(directory);
for (let n = 0; n < 400; n++) {
  try {
    await putImage(there.repository("app"), `${n} ${"x".repeat(300 + 97 * (n % 40))}`, { name: `v${n}` });
    console.log(`v${n}`);
  } catch (error) {
    if (!GantryError.is(error, "storage")) throw error;
    console.log(`full: ${error.message}`);
    break;
  }
}
