import { type Bytes, concat } from "../bytes.ts";
import type { CodecEngine, Job } from "./engine.ts";
import { larger } from "./larger.ts";

const builtin = () => globalThis.process?.getBuiltinModule?.("node:zlib");

type Zlib = NonNullable<ReturnType<typeof builtin>>;
type ZlibStream = ReturnType<Zlib["createGunzip"]> | ReturnType<Zlib["createZstdCompress"]>;

/** Bytes of output at once: with the default of 16 KiB it is half as fast. */
const chunkSize = 256 * 1024;
/** Bytes of input for each of few writes, after each of which a piece of output is shorter and is copied. */
const fewWrites = 512 * 1024;
/** Bytes of output up to which a zstd frame is decoded at once. */
const smallFrame = 128 * 1024;

/** The runtime's own zlib and zstd in Deno, Bun, Node and, with nodejs_compat, workerd. */
export const nodeZlib: readonly CodecEngine[] = [
  {
    name: "node:zlib",
    work: "gunzip",
    available: () => builtin() !== undefined,
    run: (input, { thread }) => gunzip(builtin()!, thread ? larger(input, fewWrites) : input),
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
  const stream = zlib.createGunzip({ chunkSize });
  const source = input[Symbol.asyncIterator]();
  let last: Bytes = new Uint8Array(0);
  let fed = 0;
  async function* members() {
    while (fed === stream.bytesWritten) {
      const { done, value } = await source.next();
      if (done) return;
      fed += value.byteLength;
      yield last = value;
    }
  }
  yield* drive(stream, members());
  // zlib goes on with the next member by itself, but ends at a zero byte and ignores whatever follows it.
  const end = stream.bytesWritten;
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
  // zstd:chunked has a frame for every file, and for a small one creating a stream takes longer than decoding.
  if (size <= smallFrame && await gather(source, first)) {
    // Bounded, because the header may be wrong about the size.
    const options = { chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size) };
    yield owned(zlib.zstdDecompressSync(concat(first), options));
    return;
  }
  async function* all() {
    yield* first;
    yield* { [Symbol.asyncIterator]: () => source };
  }
  // zstd refuses windows of more than 128 MiB unless they are allowed.
  const log = Math.min(31, Math.max(27, Math.ceil(Math.log2(window))));
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: log };
  yield* drive(zlib.createZstdDecompress({ chunkSize, params }), all());
}

/** Reads what may be a small frame; returns whether it has ended. */
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
 * Runs input through a Node stream: reads output while there is some, and writes the next chunk only when the one before is
 * done. `Duplex.toWeb` has no backpressure in Deno.
 */
async function* drive(stream: ZlibStream, input: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  let failed: { error: unknown } | undefined;
  let writable = true;
  let ended = false;
  let wake = () => {};
  stream.on("readable", () => wake());
  stream.on("end", () => {
    ended = true;
    wake();
  });
  stream.on("error", (error) => {
    failed = { error };
    wake();
  });
  const written = () => {
    writable = true;
    wake();
  };
  const source = input[Symbol.asyncIterator]();
  try {
    for (;;) {
      if (failed) throw failed.error;
      const output = stream.read() as Uint8Array | null;
      if (output !== null) yield owned(output);
      else if (ended) return;
      else if (writable) {
        const { done, value } = await source.next();
        writable = false;
        if (done) stream.end();
        else stream.write(value, written);
      } else await new Promise<void>((resolve) => wake = resolve);
    }
  } finally {
    stream.destroy();
  }
}

/** A piece in a buffer of its own. zlib puts several in one, and a reader that transfers its piece would detach the others. */
function owned(piece: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = piece as Bytes;
  return byteLength === buffer.byteLength
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(piece);
}
