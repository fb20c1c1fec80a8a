/**
 * Looks into an image: its digest, its platform and the files of its first layer.
 *
 *     deno run -A examples/inspect.ts alpine:3.20
 *
 * @module
 */

import process from "node:process";
import { image } from "@gantry/oci";

const alpine = await image(process.argv[2] ?? "alpine:3.20"); // nothing fetched but its manifest
console.log(await alpine.digest(), (await alpine.config()).architecture);
for await (const entry of (await alpine.layers())[0]!.entries()) console.log(entry.path);
