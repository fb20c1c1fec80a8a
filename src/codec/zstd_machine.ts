import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** A stream of zstd-codec: what each call makes goes to the callback; false if it fails. */
interface Stream {
  begin(level?: number): boolean;
  transform(chunk: Uint8Array, callback: (piece: Bytes) => void): boolean;
  end(callback: (piece: Bytes) => void): boolean;
  delete(): void;
}

interface Exports {
  ZstdCompressStreamBinding: new () => Stream;
  ZstdDecompressStreamBinding: new () => Stream;
}

/** An instance of its module, whose memory is enough for one stream. */
interface Instance {
  exports: Exports;
  /** Why it stopped for good, if it has. */
  aborted?: string;
}

const mostIdle = 4;
const idle: Instance[] = [];

/** Works on one stream in an instance of its own. */
export class Machine {
  readonly #work: "unzstd" | "zstd";
  readonly #instance: Instance;
  readonly #stream: Stream;
  #lost = false;

  private constructor(work: "unzstd" | "zstd", instance: Instance) {
    this.#work = work;
    this.#instance = instance;
    const { ZstdCompressStreamBinding, ZstdDecompressStreamBinding } = instance.exports;
    this.#stream = work === "zstd" ? new ZstdCompressStreamBinding() : new ZstdDecompressStreamBinding();
  }

  /**
   * Begins a stream.
   *
   * @throws {GantryError} `no-engine` where the runtime forbids what the package does
   */
  static async start(work: "unzstd" | "zstd", level?: number): Promise<Machine> {
    const machine = new Machine(work, idle.pop() ?? await load());
    try {
      machine.#call((stream) => level === undefined ? stream.begin() : stream.begin(level));
      return machine;
    } catch (error) {
      machine.free();
      throw error;
    }
  }

  /** Takes bytes, and gives what comes out of them. */
  transform(bytes: Bytes): Bytes[] {
    return this.#call((stream, callback) => stream.transform(bytes, callback));
  }

  /** Gives the rest. */
  end(): Bytes[] {
    return this.#call((stream, callback) => stream.end(callback));
  }

  /** Ends it, wherever it is. */
  free(): void {
    if (this.#lost) return;
    this.#stream.delete();
    if (idle.length < mostIdle) idle.push(this.#instance);
  }

  #call(run: (stream: Stream, callback: (piece: Bytes) => void) => boolean): Bytes[] {
    const pieces: Bytes[] = [];
    let cause: unknown;
    try {
      if (run(this.#stream, (piece) => void (piece.byteLength > 0 && pieces.push(piece)))) return pieces;
    } catch (error) {
      // An abort or a trap leaves it in the middle of something: nobody gets this instance again.
      this.#lost = true;
      cause = error;
    }
    if (this.#instance.aborted === "OOM") {
      throw new GantryError("too-large", `${this.#work}: more than the memory of zstd-codec`, { cause });
    }
    throw new Error("zstd-codec cannot go on", { cause });
  }
}

async function load(): Promise<Instance> {
  try {
    // What its loader trips over is nobody's to catch: try it before.
    await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    new Function("");
    const { default: create } = await import("zstd-codec/lib/zstd-codec-binding-wasm.js");
    return await new Promise<Instance>((resolve, reject) => {
      const instance: Instance = {
        exports: create({
          print() {},
          printErr() {},
          onAbort(reason: unknown) {
            instance.aborted = String(reason);
            reject(new Error(instance.aborted));
          },
          // The module has a method `then`, of the kind that never ends: no promise may be given it.
          onRuntimeInitialized: () => resolve(instance),
        }),
      };
    });
  } catch (cause) {
    const reason = "this runtime allows no WebAssembly, no eval, or not as much memory";
    throw new GantryError("no-engine", `load zstd-codec: ${reason}`, { cause });
  }
}
