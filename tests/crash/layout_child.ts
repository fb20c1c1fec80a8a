/** Copies one made-up index of two images into a layout, in a session: for layout_kill.ts, which kills it. */

import process from "node:process";
import type { Bytes } from "../../src/bytes.ts";
import type { Source } from "../../src/content/contracts.ts";
import { copy } from "../../src/copy/copy.ts";
import { openRoot } from "../../src/image/open.ts";
import { layout } from "../../src/layout/mod.ts";
import { madeUp } from "./made_up.ts";

const [directory = ".", seed = "1", name = "v1"] = process.argv.slice(2);
const source = await madeUp(Number(seed));

/** The source, which gives pieces as a network does, and tells what is not asked for from its beginning. */
const slow: Source = {
  resolve: (name, options) => source.resolve(name, options),
  async open(what, options) {
    if (options?.start) console.log("resumed");
    return (await source.open(what, options)).pipeThrough(inPieces());
  },
};

function inPieces(): TransformStream<Bytes, Bytes> {
  return new TransformStream(
    {
      async transform(chunk, controller) {
        for (let at = 0; at < chunk.byteLength; at += 65_536) {
          controller.enqueue(chunk.slice(at, at + 65_536));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      },
    },
    undefined,
    { highWaterMark: 0 },
  );
}

console.log("begin");
await copy(await openRoot(slow, "v1"), layout(directory), { name, session: "crash" });
