import type { Core } from "../../wasm/core.ts";
import { createGunzip } from "../../wasm/gunzip.ts";
import { Inflater } from "../../wasm/inflater.ts";
import type { Bytes } from "../bytes.ts";
import type { CodecEngine } from "./engine.ts";
import { ThreadGunzip } from "./thread_gunzip.ts";

/** How many inflaters are kept for the next stream, each with half a megabyte: to make one takes longer than a small layer. */
const maxIdle = 4;
/** Bytes of input that are not worth a thread. */
const smallInput = 256 * 1024;

/** gunzip by the core. */
export function wasmGunzip(load: () => Promise<Core>): Pick<CodecEngine, "work" | "run"> {
  const idle: Inflater[] = [];
  return {
    work: "gunzip",
    async *run(input, { thread = false, onHash }) {
      const core = await load();
      const [small, all] = thread ? await gather(input) : [true, input];
      if (!small) {
        const there = await ThreadGunzip.start(core, onHash);
        if (there) return yield* there.run(all);
      }
      const inflater = idle.pop() ?? new Inflater(core);
      try {
        yield* gunzip(all, inflater);
      } finally {
        if (idle.length < maxIdle) idle.push(inflater);
      }
    },
  };
}

async function* gunzip(input: AsyncIterable<Bytes>, inflater: Inflater): AsyncGenerator<Bytes, void, void> {
  const members = createGunzip(inflater);
  for await (const chunk of input) {
    members.push(chunk);
    for (let piece = members.read(); piece; piece = members.read()) yield piece;
  }
  members.end();
}

/** Reads some input; tells whether that was all of it, and gives all of it. */
async function gather(input: AsyncIterable<Bytes>): Promise<[small: boolean, all: AsyncIterable<Bytes>]> {
  const source = input[Symbol.asyncIterator]();
  const first: Bytes[] = [];
  let length = 0, small = false;
  while (length < smallInput && !small) {
    const { done, value } = await source.next();
    if (done) small = true;
    else {
      first.push(value);
      length += value.byteLength;
    }
  }
  const all = async function* () {
    yield* first;
    if (!small) yield* { [Symbol.asyncIterator]: () => source };
  };
  return [small, all()];
}
