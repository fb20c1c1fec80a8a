/**
 * The program of worker threads, and its messages.
 *
 * @module
 */

import type { CoreExports } from "./core.ts";
import type { createGunzip, Gunzip, MemberInflater } from "./gunzip.ts";

/** What a thread can be asked to do; it answers in order. */
export type Request =
  /** Comes first, with the compiled core. */
  | { work: "start"; module: WebAssembly.Module }
  /** Compress `length` bytes, which come after 32 KiB for the dictionary, whose last `before` bytes count. */
  | {
    work: "deflate";
    bytes: Uint8Array<ArrayBuffer>;
    before: number;
    length: number;
    level: number;
    final: boolean;
  }
  /** Begin four messages, hashed in the lanes of the core or by node:crypto. */
  | { work: "begin"; hash: "lanes" | "native" }
  /** Hash whole blocks of 64 bytes of up to four messages. */
  | { work: "hash"; blocks: readonly (Blocks | undefined)[] }
  /** End a message of `length` bytes, of which `tail` fills no block. Its lane begins another. */
  | { work: "digest"; lane: number; tail: Uint8Array<ArrayBuffer>; length: number }
  /** Begin to decompress gzip, and to hash what comes out where that is wanted. */
  | { work: "gunzip"; hash: boolean }
  /**
   * Give the next piece of what comes out. More input may come with that, and it may be the last; and memory of earlier
   * pieces, to be used again.
   */
  | {
    work: "take";
    bytes?: Uint8Array<ArrayBuffer> | undefined;
    last: boolean;
    spare: readonly ArrayBuffer[];
  };

/** A buffer whose first `length` bytes are to be hashed. */
export interface Blocks {
  bytes: Uint8Array<ArrayBuffer>;
  length: number;
}

/** A compressed or decompressed piece, a sha256, or nothing; and the buffers of the request, to be used again. */
export interface Result {
  bytes?: Uint8Array<ArrayBuffer>;
  crc32?: number;
  spent?: readonly Uint8Array<ArrayBuffer>[];
  /** Of "gunzip": whether it hashes. */
  hashes?: boolean;
  /** Of "take": how many bytes of input are used up, and at the end that it is, and the sha256. */
  used?: number;
  ended?: boolean;
  sha256?: Uint8Array<ArrayBuffer> | undefined;
}

/** What it answers. */
export type Answer = { kind: "result"; result: Result } | { kind: "error"; message: string };

/** The thread's end of the channel. */
export interface Port {
  onmessage: ((event: { data: Request }) => void) | null;
  postMessage(answer: Answer, transfer: ArrayBuffer[]): void;
}

/**
 * The program of a thread. It is sent there as text, because that is the only way to start one which all runtimes and
 * bundlers support. So it may use nothing outside of itself but what every runtime has, and what it is given as text too:
 * it calls the WASM module directly and not through the classes of this directory.
 */
export function serve(
  port: Port,
  openGunzip: typeof createGunzip,
  inflateReasons: Readonly<Record<number, string>>,
): void {
  interface Hashers {
    update(blocks: readonly (Blocks | undefined)[]): void;
    digest(lane: number, tail: Uint8Array, length: number): Uint8Array<ArrayBuffer>;
  }
  let module: WebAssembly.Module;
  let deflater: ReturnType<typeof instance> | undefined;
  let hashers: Hashers | undefined;
  let inflater: MemberInflater | undefined;
  let unpacking: ReturnType<typeof unpack> | undefined;

  port.onmessage = ({ data }) => {
    try {
      const result = answer(data);
      const { bytes, spent = [] } = result;
      port.postMessage(
        { kind: "result", result },
        [...bytes ? [bytes] : [], ...spent].map(({ buffer }) => buffer),
      );
    } catch (error) {
      const { name, message } = error as Error;
      port.postMessage({ kind: "error", message: name === "Error" ? message : String(error) }, []);
    }
  };

  function answer(request: Request): Result {
    switch (request.work) {
      case "start":
        module = request.module;
        return {};
      case "deflate":
        return deflate(deflater ??= instance("DEFLATE_END"), request);
      case "begin":
        hashers = request.hash === "lanes" ? lanes(instance("SHA_END")) : native();
        return {};
      case "hash":
        hashers!.update(request.blocks);
        return { spent: request.blocks.flatMap((some) => some ? [some.bytes] : []) };
      case "digest":
        return { bytes: hashers!.digest(request.lane, request.tail, request.length) };
      case "gunzip":
        unpacking = unpack(openGunzip(inflater ??= memberInflater(instance("INFLATE_END"))), request.hash);
        return { hashes: unpacking.hashes };
      case "take":
        return unpacking!.take(request);
    }
  }

  function instance(
    end: "DEFLATE_END" | "INFLATE_END" | "SHA_END",
  ): { core: CoreExports; memory: Uint8Array<ArrayBuffer> } {
    const core = new WebAssembly.Instance(module).exports as unknown as CoreExports;
    const need = Number(core[end].value) - core.memory.buffer.byteLength;
    if (need > 0) core.memory.grow(Math.ceil(need / 65536));
    return { core, memory: new Uint8Array(core.memory.buffer as ArrayBuffer) };
  }

  function deflate(
    { core, memory }: ReturnType<typeof instance>,
    { bytes, before, length, level, final }: Request & { work: "deflate" },
  ): Result {
    const dictionary = Number(core.DICTIONARY_SIZE.value);
    memory.set(bytes.subarray(0, dictionary + length), Number(core.CHUNK.value) - dictionary);
    const size = core.deflate(before, length, level, final);
    const output = Number(core.OUTPUT.value);
    return { bytes: memory.slice(output, output + size), crc32: core.crcValue() >>> 0, spent: [bytes] };
  }

  function lanes({ core, memory }: ReturnType<typeof instance>): Hashers {
    const input = Number(core.SHA_INPUT.value), stride = Number(core.SHA_STRIDE.value);
    const most = stride - stride % 64;
    const start = (lane: number) => input + lane * stride;
    for (let lane = 0; lane < 4; lane++) core.shaReset(lane);
    return {
      update(blocks) {
        for (let at = 0;;) {
          const ready = [0, 1, 2, 3].filter((lane) => (blocks[lane]?.length ?? 0) > at);
          if (ready.length === 0) return;
          const length = Math.min(most, ...ready.map((lane) => blocks[lane]!.length - at));
          for (const lane of ready) memory.set(blocks[lane]!.bytes.subarray(at, at + length), start(lane));
          if (ready.length > 1 && core.shaBlocks4) {
            // Lanes that do not take part read the input of one that does, and ignore it.
            const [p0, p1, p2, p3] = [0, 1, 2, 3].map((lane) =>
              start(ready.includes(lane) ? lane : ready[0]!)
            );
            const mask = ready.reduce((bits, lane) => bits | 1 << lane, 0);
            core.shaBlocks4(p0!, p1!, p2!, p3!, length / 64, mask);
          } else {
            for (const lane of ready) core.shaBlocks(lane, start(lane), length / 64);
          }
          at += length;
        }
      },
      digest(lane, tail, length) {
        // FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits at the end of a block.
        const last = new Uint8Array(tail.byteLength < 56 ? 64 : 128);
        last.set(tail);
        last[tail.byteLength] = 0x80;
        new DataView(last.buffer).setBigUint64(last.byteLength - 8, BigInt(length) * 8n);
        memory.set(last, start(lane));
        core.shaBlocks(lane, start(lane), last.byteLength / 64);
        const from = new DataView(memory.buffer, Number(core.SHA_STATE.value) + lane * 4);
        const digest = new Uint8Array(32), to = new DataView(digest.buffer);
        for (let word = 0; word < 8; word++) to.setUint32(word * 4, from.getUint32(word * 16, true));
        core.shaReset(lane);
        return digest;
      },
    };
  }

  interface Hash {
    update(bytes: Uint8Array): Hash;
    digest(): Uint8Array;
  }

  /** The runtime's own sha256, if it has one: in Bun the class that its node:crypto is made of, which takes 10 ms to load. */
  function createHash(): Hash | undefined {
    const builtin = globalThis.process?.getBuiltinModule;
    const bun: { CryptoHasher?: new (algorithm: string) => Hash } | undefined = builtin?.("bun");
    return bun?.CryptoHasher
      ? new bun.CryptoHasher("sha256")
      : builtin?.("node:crypto")?.createHash("sha256");
  }

  function native(): Hashers {
    const create = () => createHash()!;
    const hashes = [create(), create(), create(), create()];
    return {
      update: (blocks) =>
        blocks.forEach((some, lane) => some && hashes[lane]!.update(some.bytes.subarray(0, some.length))),
      digest(lane, tail) {
        const digest = new Uint8Array(hashes[lane]!.update(tail).digest());
        hashes[lane] = create();
        return digest;
      },
    };
  }

  /** As the class Inflater, but what it gives is good only until the next is asked for. */
  function memberInflater({ core, memory }: ReturnType<typeof instance>): MemberInflater {
    let answer = 0, pushed = 0, length = 0;
    return {
      reset() {
        core.inflateReset();
        answer = pushed = length = 0;
      },
      push(bytes) {
        memory.set(bytes, Number(core.INFLATE_INPUT.value));
        core.inflateInput(bytes.length);
        pushed += bytes.length;
        answer = 1;
      },
      read() {
        while (answer === 1) {
          answer = core.inflate();
          const begin = core.pieceBegin(), end = begin + core.pieceLength();
          length += end - begin;
          if (end > begin) return memory.subarray(begin, end);
        }
        if (answer <= 2) return undefined;
        throw new Error(`inflate: ${inflateReasons[answer]} at byte ${pushed - core.inflateUnused()}`);
      },
      get done() {
        return answer === 2;
      },
      get unused() {
        return core.inflateUnused();
      },
      get length() {
        return length;
      },
      get crc32() {
        return core.crcValue() >>> 0;
      },
    };
  }

  function unpack(gunzip: Gunzip, hash: boolean) {
    const pieceSize = 262144;
    const hasher = hash ? createHash() : undefined;
    const input: Uint8Array<ArrayBuffer>[] = [];
    const memories: ArrayBuffer[] = [];
    /** The input that was pushed last: when more is, nothing of it is needed. */
    let pushed: Uint8Array<ArrayBuffer> | undefined;
    /** Output that did not fit into the last piece. */
    let rest: Uint8Array | undefined;
    let ended = false;
    return {
      hashes: hasher !== undefined,
      take({ bytes, last, spare }: Request & { work: "take" }): Result {
        if (ended) return { used: gunzip.used, ended };
        if (bytes) input.push(bytes);
        memories.push(...spare);
        const piece = new Uint8Array(memories.pop() ?? new ArrayBuffer(pieceSize));
        const spent: Uint8Array<ArrayBuffer>[] = [];
        let length = 0;
        while (length < pieceSize) {
          rest ??= gunzip.read();
          if (rest) {
            const part = rest.subarray(0, pieceSize - length);
            piece.set(part, length);
            length += part.length;
            rest = part.length < rest.length ? rest.subarray(part.length) : undefined;
          } else if (input.length > 0) {
            gunzip.push(input[0]!);
            if (pushed) spent.push(pushed);
            pushed = input.shift();
          } else break;
        }
        if (length === 0) memories.push(piece.buffer);
        hasher?.update(piece.subarray(0, length));
        const result = { used: gunzip.used, spent, ...(length > 0 && { bytes: piece.subarray(0, length) }) };
        if (!last || length === pieceSize) return result;
        gunzip.end();
        ended = true;
        return { ...result, ended, sha256: hasher && new Uint8Array(hasher.digest()) };
      },
    };
  }
}
