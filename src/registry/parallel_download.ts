import type { Bytes } from "../bytes.ts";
import { chunksOf, concat } from "../bytes.ts";
import type { Address, OpenOptions } from "../content/contracts.ts";
import { Download } from "./download.ts";
import type { Repository } from "./repository.ts";

/** Bytes of one range, which is held in memory until its turn comes. */
const rangeSize = 8 << 20;

/**
 * A large blob in several ranges at once, where the client is set to that and the registry gives ranges. Gives undefined
 * where it is to be read in one.
 */
export async function inParallel(
  repository: Repository,
  what: Address,
  { start = 0, end = Infinity, signal }: OpenOptions,
): Promise<ReadableStream<Bytes> | undefined> {
  const { parallelRanges = 1 } = repository.client.settings;
  const stop = Math.min(end, what.size ?? 0);
  if (parallelRanges < 2 || stop - start < 2 * rangeSize) return undefined;
  const stopped = new AbortController();
  const both = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
  const range = (at: number) =>
    new Download(repository, what, { start: at, end: Math.min(at + rangeSize, stop), signal: both });
  const first = range(start);
  await first.connect();
  if (!first.inRanges) {
    await first.close();
    return undefined;
  }
  const running: Promise<Bytes>[] = [];
  const run = (bytes: Promise<Bytes>) => {
    bytes.catch(() => {}); // whoever reads as far as this sees it
    running.push(bytes);
  };
  run(collect(first));
  let next = start + rangeSize;
  const fill = () => {
    for (; running.length < parallelRanges && next < stop; next += rangeSize) {
      const download = range(next);
      run(download.connect().then(() => collect(download)));
    }
  };
  return new ReadableStream<Bytes>({
    async pull(controller) {
      fill();
      try {
        const bytes = await running.shift();
        if (bytes) controller.enqueue(bytes);
        if (running.length === 0 && next >= stop) controller.close();
      } catch (error) {
        stopped.abort(error);
        throw error;
      }
    },
    cancel: (reason) => stopped.abort(reason),
  }, { highWaterMark: 0 });
}

async function collect(download: Download): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let size = 0;
  for await (const chunk of chunksOf(download.stream())) {
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  return concat(chunks, size);
}
