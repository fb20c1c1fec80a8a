/** Writes more than its process may into a file: for storage_test.ts. */

import assert from "node:assert/strict";
import process from "node:process";
import type { Bytes } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import { layout } from "../../src/layout/mod.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { filesIn, putText, readText } from "./support.ts";

const directory = process.argv[2]!;
const there = layout(directory);
const small = await putText(there, "small");
const files = await filesIn(directory);

function large(): ReadableStream<Bytes> {
  let left = 40;
  return new ReadableStream({
    pull: (controller) => left-- > 0 ? controller.enqueue(new Uint8Array(1024 * 1024)) : controller.close(),
  });
}
const content = {
  mediaType: mediaTypes.octetStream,
  replayable: false,
  open: () => Promise.resolve(large()),
};
await assert.rejects(there.write(content), (error) => {
  return GantryError.is(error, "storage") && error.message.includes(directory) &&
    /larger than allowed/.test(error.message);
});
assert.deepEqual(await filesIn(directory), files);

await assert.rejects(there.write(content, { session: "kept" }), (error) => GantryError.is(error, "storage"));
const ingest = await there.ingest("kept", { create: false });
assert.ok(ingest.offset > 1024 * 1024);
await ingest.abort();

assert.equal(await readText(there, small), "small");
await putText(there, "another");
console.log("well");
