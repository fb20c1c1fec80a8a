/** Unpacks a made-up image: for unpack_kill.ts, which kills it. */

import process from "node:process";
import { unpack } from "../../src/rootfs/mod.ts";
import { madeUpLayers } from "./made_up_layers.ts";

const [directory = "."] = process.argv.slice(2);
console.log("begin");
await unpack(madeUpLayers(), directory);
