/**
 * Puts a directory on top of an image and pushes the result. Nothing of the image below is downloaded that the registry
 * has already.
 *
 *     deno run -A examples/build.ts alpine:3.20 ./dist localhost:5000/app:v2
 *
 * @module
 */

import process from "node:process";
import { copy, image, layerOf } from "@gantry/oci";

const [, , base = "alpine:3.20", directory = "./dist", to = "localhost:5000/app:v2"] = process.argv;
const alpine = await image(base);
const app = alpine.append(await layerOf(directory)).configure({ cmd: ["/app"] });
const { descriptor } = await copy(app, to);
console.log(`${to}@${descriptor.digest}`);
