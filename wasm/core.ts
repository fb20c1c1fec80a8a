/**
 * The WASM core: four sha256 lanes, a DEFLATE encoder, an inflater and crc32 in one module of AssemblyScript. Nothing
 * happens at import; the module is compiled when it is first asked for, once.
 *
 * @module
 */

import { GantryError } from "../src/errors.ts";

/** What an instance of the module exports; addresses are in its memory. */
export interface CoreExports {
  memory: WebAssembly.Memory;
  /** Begins a message in a lane. */
  shaReset(lane: number): void;
  /** Hashes blocks of 64 bytes into one lane. */
  shaBlocks(lane: number, from: number, count: number): void;
  /** Hashes `count` blocks into each lane whose bit is set. Only the module with SIMD has it. */
  shaBlocks4?(p0: number, p1: number, p2: number, p3: number, count: number, lanes: number): void;
  crcReset(): void;
  crcUpdate(from: number, length: number): void;
  crcValue(): number;
  deflate(dictionary: number, length: number, level: number, final: boolean): number;
  inflateReset(): void;
  inflateInput(length: number): void;
  inflate(): number;
  inflateUnused(): number;
  pieceBegin(): number;
  pieceLength(): number;
  CHUNK: WebAssembly.Global;
  CHUNK_SIZE: WebAssembly.Global;
  CRC_INPUT: WebAssembly.Global;
  CRC_INPUT_SIZE: WebAssembly.Global;
  DICTIONARY_SIZE: WebAssembly.Global;
  INFLATE_INPUT: WebAssembly.Global;
  INFLATE_INPUT_SIZE: WebAssembly.Global;
  OUTPUT: WebAssembly.Global;
  SHA_INPUT: WebAssembly.Global;
  SHA_STATE: WebAssembly.Global;
  SHA_STRIDE: WebAssembly.Global;
  CRC_JOB_END: WebAssembly.Global;
  DEFLATE_END: WebAssembly.Global;
  INFLATE_END: WebAssembly.Global;
  SHA_END: WebAssembly.Global;
}

/** An instance of the module, with the memory for one job. */
export interface CoreInstance {
  exports: CoreExports;
  memory: Uint8Array<ArrayBuffer>;
}

/** The compiled module. It may be posted to workers, which give it to {@linkcode loadCore}. */
export interface Core {
  module: WebAssembly.Module;
  /** Whether the module uses SIMD, so that four lanes run at once. */
  simd: boolean;
}

/** The core of the bytes in this library. */
let ownCore: Promise<Core> | undefined;
/** Whether this runtime compiles WebAssembly, once that is known. */
let compiles: boolean | undefined;

/** Whether the core can run here: workerd, and pages with a strict content security policy, compile nothing. */
export function coreAvailable(module?: WebAssembly.Module): boolean {
  if (typeof WebAssembly !== "object") return false;
  return module !== undefined || (compiles ??= compilesSomething());
}

function compilesSomething(): boolean {
  try {
    // The shortest valid module.
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    return true;
  } catch {
    return false;
  }
}

/**
 * The core. Without a module it is compiled from the bytes in this library, once; where that is forbidden (Cloudflare Workers, Vercel Edge) give a module made from {@linkcode coreBytes} when the worker was built.
 *
 * @throws {GantryError} `no-engine` where nothing can be compiled and no module was given.
 */
export function loadCore(module?: WebAssembly.Module): Promise<Core> {
  if (module) return Promise.resolve(coreOf(module));
  return ownCore ??= coreBytes().then(compile).then(coreOf).catch((cause) => {
    const reason = "this runtime compiles no WebAssembly; add the engines of wasmEngines with a module";
    throw new GantryError("no-engine", `load the WASM core: ${reason}`, { cause });
  });
}

/** The bytes of the module for this runtime: with SIMD where that validates. */
export async function coreBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const { plain, simd } = await import("./core_bytes.ts");
  const bytes = fromBase64(simd);
  return WebAssembly.validate(bytes) ? bytes : fromBase64(plain);
}

/** An instance of the core with the memory that a job needs. */
export function instantiate(
  core: Core,
  job: "CRC_JOB_END" | "DEFLATE_END" | "INFLATE_END" | "SHA_END",
): CoreInstance {
  const exports = new WebAssembly.Instance(core.module).exports as unknown as CoreExports;
  const need = Number(exports[job].value) - exports.memory.buffer.byteLength;
  if (need > 0) exports.memory.grow(Math.ceil(need / 65536));
  return { exports, memory: new Uint8Array(exports.memory.buffer as ArrayBuffer) };
}

function coreOf(module: WebAssembly.Module): Core {
  return { module, simd: WebAssembly.Module.exports(module).some(({ name }) => name === "shaBlocks4") };
}

/** Compiles synchronously, which takes 1 ms instead of 8. Old browsers refuse that for a module of this size. */
function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | Promise<WebAssembly.Module> {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return WebAssembly.compile(bytes);
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) bytes[i] = chars.charCodeAt(i);
  return bytes;
}
