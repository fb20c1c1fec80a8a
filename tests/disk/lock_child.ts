/** Holds a lock for ever, or counts up a file under it: for lock_test.ts. */

import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { temporaryIn } from "./temporary.ts";
import { Lock } from "../../src/disk/lock.ts";

const [directory = ".", task, count] = process.argv.slice(2);
const lock = new Lock(directory, () => temporaryIn(directory));
const counter = join(directory, "counter");

if (task === "hold") {
  await lock.take();
  console.log("held");
  setInterval(() => {}, 1000);
} else {
  for (let n = 0; n < Number(count); n++) {
    const held = await lock.take();
    const before = Number(await readFile(counter, "utf8").catch(() => "0"));
    const own = join(directory, `${process.pid}.counter`);
    await writeFile(own, String(before + 1));
    await rename(own, counter);
    console.log(before + 1);
    await held.release();
  }
}
