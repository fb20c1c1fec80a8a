import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** A stream of the package. Each call passes its output to the callback and returns false if it fails. */
interface Binding {
  begin(level?: number): boolean;
  transform(chunk: Uint8Array, callback: (piece: Bytes) => void): boolean;
  end(callback: (piece: Bytes) => void): boolean;
  delete(): void;
}

interface Exports {
  ZstdCompressStreamBinding: new () => Binding;
  ZstdDecompressStreamBinding: new () => Binding;
}

/** An instance of the package's WASM module, whose memory is enough for one stream. */
interface Instance {
  exports: Exports;
  /** Why it was aborted, if it was. */
  aborted?: string;
}

/** How many instances are kept for the next stream. */
const maxIdle = 4;
const idle: Instance[] = [];

/** One stream of zstd-codec, in an instance of its own. */
export class ZstdCodecStream {
  readonly #work: "unzstd" | "zstd";
  readonly #instance: Instance;
  readonly #binding: Binding;
  #broken = false;

  private constructor(work: "unzstd" | "zstd", instance: Instance) {
    this.#work = work;
    this.#instance = instance;
    const { ZstdCompressStreamBinding, ZstdDecompressStreamBinding } = instance.exports;
    this.#binding = work === "zstd" ? new ZstdCompressStreamBinding() : new ZstdDecompressStreamBinding();
  }

  /**
   * Starts a stream.
   *
   * @throws {GantryError} `no-engine` where the runtime forbids what the package needs.
   */
  static async start(work: "unzstd" | "zstd", level?: number): Promise<ZstdCodecStream> {
    const stream = new ZstdCodecStream(work, idle.pop() ?? await load());
    try {
      stream.#call((binding) => level === undefined ? binding.begin() : binding.begin(level));
      return stream;
    } catch (error) {
      stream.free();
      throw error;
    }
  }

  /** Takes input; returns the output that it gives. */
  transform(bytes: Bytes): Bytes[] {
    return this.#call((binding, callback) => binding.transform(bytes, callback));
  }

  /** Ends the stream; returns the rest of the output. */
  end(): Bytes[] {
    return this.#call((binding, callback) => binding.end(callback));
  }

  /** Frees the instance for another stream, whether this one has ended or not. */
  free(): void {
    if (this.#broken) return;
    this.#binding.delete();
    if (idle.length < maxIdle) idle.push(this.#instance);
  }

  #call(run: (binding: Binding, callback: (piece: Bytes) => void) => boolean): Bytes[] {
    const pieces: Bytes[] = [];
    let cause: unknown;
    try {
      if (run(this.#binding, (piece) => void (piece.byteLength > 0 && pieces.push(piece)))) return pieces;
    } catch (error) {
      // After an abort or a trap the instance is in an unknown state: it is not used again.
      this.#broken = true;
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
    // The package's loader throws where nothing can catch it, so what it needs is tried first.
    await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    new Function("");
    // @ts-ignore: it has no types, which tsc minds and Deno does not
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
          // The module has a method `then` that never settles, so no promise may be resolved with it.
          onRuntimeInitialized: () => resolve(instance),
        }),
      };
    });
  } catch (cause) {
    const reason = "this runtime allows no WebAssembly, no eval, or not as much memory";
    throw new GantryError("no-engine", `load zstd-codec: ${reason}`, { cause });
  }
}
