/** Writes and names manifests as fast as it can: for processes_test.ts. */

import process from "node:process";
import { GantryError } from "../../src/errors.ts";
import { layout } from "../../src/layout/mod.ts";
import { putImage } from "./support.ts";

const [directory = ".", letter = "", count] = process.argv.slice(2);
const target = layout(directory);

if (count === "compare") {
  const image = await putImage(target, letter);
  try {
    await target.tag("only-one", image, { expect: null });
    console.log("won");
  } catch (error) {
    if (!GantryError.is(error, "conflict")) throw error;
    console.log("lost");
  }
} else {
  for (let n = 0; n < Number(count); n++) {
    await putImage(target, `${letter}-${n}`, { name: `${letter}-${n}` });
  }
  const image = await putImage(target, letter);
  await target.tag("contended", image);
  await target.untag("contended").catch((error) => {
    if (!GantryError.is(error, "not-found")) throw error;
  });
}
