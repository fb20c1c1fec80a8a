/** Writes an image without a name under a lease that it keeps: for gc_test.ts. */

import process from "node:process";
import { layout } from "../../src/layout/mod.ts";
import { putImage } from "./support.ts";

const target = layout(process.argv[2]!);
const lease = await target.lease();
console.log((await putImage(target, "leased")).digest);
setInterval(() => lease.id, 1000);
