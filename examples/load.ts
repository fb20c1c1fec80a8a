/**
 * Pushes what `docker save` wrote, of any age and compressed or not; and saves an image so that `docker load` takes it.
 *
 *     deno run -A examples/load.ts ./app.tar localhost:5000/app:v1 ./again.tar
 *
 * @module
 */

import process from "node:process";
import { copy } from "@gantry/oci";

const [, , from = "./app.tar", to = "localhost:5000/app:v1", again = "./again.tar"] = process.argv;
const { descriptor } = await copy(`docker-archive:${from}`, to);
console.log(`${to}@${descriptor.digest}`);

const saved = await copy(to, `docker-archive:${again}:${to}`);
console.log(`${again}@${saved.descriptor.digest}`);
