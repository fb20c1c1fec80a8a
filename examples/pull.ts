/**
 * Pulls an image, or an index with all its images, into an OCI layout.
 *
 *     deno run -A examples/pull.ts alpine:3.20 oci:./images:alpine
 *
 * @module
 */

import process from "node:process";
import { copy } from "@gantry/oci";

const [, , from = "alpine:3.20", to = "oci:./images:alpine"] = process.argv;
const { descriptor } = await copy(from, to);
console.log(`${from} is in ${to}: ${descriptor.digest}`);
