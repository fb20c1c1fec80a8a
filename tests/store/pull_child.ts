/** Pulls an image of a registry into a store: for pull_test.ts. */

import process from "node:process";
import { registry } from "../../src/registry/mod.ts";
import { store } from "../../src/store/mod.ts";

const [directory = ".", host = "", reference = "app:v1"] = process.argv.slice(2);
await using there = store(directory);
console.log("begin");
const { how } = await there.pull(registry(`${host}/app`), reference, { name: "v1" });
console.log(how);
