/** Pulls, removes and prunes images at random: for images_kill.ts, which kills it. */

import process from "node:process";
import { GantryError } from "../../src/errors.ts";
import { unpackedImages } from "../../src/images/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { store } from "../../src/store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

const [directory = "", source = "", seed = "0", count = "0"] = process.argv.slice(2);
await using there = store(directory);
const images = unpackedImages(there);
console.log("begin");
for (const die of randomBytes(Number(count), Number(seed))) {
  const name = `v${die % 3}`;
  try {
    if (die < 150) await images.pull(layout(source), `localhost/app:${name}`, { name });
    else if (die < 220) await images.remove(`localhost/app:${name}`);
    else await images.prune();
  } catch (error) {
    // Another one has taken the name away.
    if (!GantryError.is(error, "not-found")) throw error;
  }
}
