/** Pulls an image into a store and unpacks it: for tests of several processes. */

import process from "node:process";
import { unpackedImages } from "../../src/images/mod.ts";
import { place } from "../../src/places/place.ts";
import { store } from "../../src/store/mod.ts";

const [directory = "", name = ""] = process.argv.slice(2);
await using there = store(directory);
const { id } = await unpackedImages(there).pull(place(name).target, name);
console.log(id);
