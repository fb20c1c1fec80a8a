import { type Bytes, concat } from "../bytes.ts";
import type { CodecEngine, Job } from "./engine.ts";

const builtin = () => globalThis.process?.getBuiltinModule?.("node:zlib");

type Zlib = NonNullable<ReturnType<typeof builtin>>;
type Machine = ReturnType<Zlib["createGunzip"]> | ReturnType<Zlib["createZstdCompress"]>;

// Large pieces out: with the default of 16 KiB it is half as fast.
const chunkSize = 256 * 1024;
const smallFrame = 128 * 1024;

/** The runtime's own zlib and zstd in Deno, Bun, Node and, with nodejs_compat, workerd. */
export const nodeZlib: readonly CodecEngine[] = [
  {
    name: "node:zlib",
    work: "gunzip",
    available: () => builtin() !== undefined,
    run: (input) => gunzip(builtin()!, input),
  },
  {
    name: "node:zlib",
    work: "unzstd",
    available: () => builtin()?.createZstdDecompress !== undefined,
    run: (frame, job) => unzstd(builtin()!, frame, job),
  },
  {
    name: "node:zlib",
    work: "gzip",
    onlyByName: true,
    available: () => builtin() !== undefined,
    run: (input, job) => gzip(builtin()!, input, job),
  },
  {
    name: "node:zlib",
    work: "zstd",
    available: () => builtin()?.createZstdCompress !== undefined,
    run: (input, job) => zstd(builtin()!, input, job),
  },
];

async function* gunzip(zlib: Zlib, input: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  const machine = zlib.createGunzip({ chunkSize });
  const source = input[Symbol.asyncIterator]();
  let last: Bytes = new Uint8Array(0);
  let fed = 0;
  async function* members() {
    while (fed === machine.bytesWritten) {
      const { done, value } = await source.next();
      if (done) return;
      fed += value.byteLength;
      yield last = value;
    }
  }
  yield* drive(machine, members());
  // zlib goes on with the next member by itself, but stops for good at a zero byte and never looks at what follows it.
  const end = machine.bytesWritten;
  let rest = last.subarray(last.byteLength - (fed - end));
  for (;;) {
    if (rest.some((byte) => byte !== 0)) {
      throw new Error(`the last member ends at byte ${end}, and something other than zeros follows`);
    }
    const { done, value } = await source.next();
    if (done) return;
    rest = value;
  }
}

async function* unzstd(
  zlib: Zlib,
  frame: AsyncIterable<Bytes>,
  { window = 0, size = Infinity }: Job,
): AsyncGenerator<Bytes, void, void> {
  const source = frame[Symbol.asyncIterator]();
  const first: Bytes[] = [];
  // zstd:chunked has a frame for every file: to make a machine for a small one takes longer than to run it.
  if (size <= smallFrame && await gather(source, first)) {
    // The header may lie about the size.
    const options = { chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size) };
    yield owned(zlib.zstdDecompressSync(concat(first), options));
    return;
  }
  async function* all() {
    yield* first;
    yield* { [Symbol.asyncIterator]: () => source };
  }
  // Windows of more than 128 MiB must be asked for.
  const log = Math.min(31, Math.max(27, Math.ceil(Math.log2(window))));
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: log };
  yield* drive(zlib.createZstdDecompress({ chunkSize, params }), all());
}

/** Takes what may be a small frame; tells whether it is. */
async function gather(source: AsyncIterator<Bytes>, chunks: Bytes[]): Promise<boolean> {
  for (let length = 0; length <= smallFrame;) {
    const { done, value } = await source.next();
    if (done) return true;
    chunks.push(value);
    length += value.byteLength;
  }
  return false;
}

async function* gzip(
  zlib: Zlib,
  input: AsyncIterable<Bytes>,
  { level = 6 }: Job,
): AsyncGenerator<Bytes, void, void> {
  yield* drive(zlib.createGzip({ chunkSize, level }), input);
}

async function* zstd(
  zlib: Zlib,
  input: AsyncIterable<Bytes>,
  { level = 3 }: Job,
): AsyncGenerator<Bytes, void, void> {
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = zlib.constants;
  const params = { [ZSTD_c_compressionLevel]: level, [ZSTD_c_checksumFlag]: 1 };
  yield* drive(zlib.createZstdCompress({ chunkSize, params }), input);
}

/**
 * Works a Node stream by hand: writes when it is idle, reads what it made, and leaves it paused in between. Deno's
 * `Duplex.toWeb` would do it without backpressure.
 */
async function* drive(machine: Machine, input: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  let failed: { error: unknown } | undefined;
  let idle = true;
  let ended = false;
  let wake = () => {};
  machine.on("readable", () => wake());
  machine.on("end", () => {
    ended = true;
    wake();
  });
  machine.on("error", (error) => {
    failed = { error };
    wake();
  });
  const written = () => {
    idle = true;
    wake();
  };
  const source = input[Symbol.asyncIterator]();
  try {
    for (;;) {
      if (failed) throw failed.error;
      const made = machine.read() as Uint8Array | null;
      if (made !== null) yield owned(made);
      else if (ended) return;
      else if (idle) {
        const { done, value } = await source.next();
        idle = false;
        if (done) machine.end();
        else machine.write(value, written);
      } else await new Promise<void>((resolve) => wake = resolve);
    }
  } finally {
    machine.destroy();
  }
}

// zlib fills one buffer with several pieces: a reader that transfers its piece would take the buffer away under it.
function owned(piece: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = piece as Bytes;
  return byteLength === buffer.byteLength
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(piece);
}
