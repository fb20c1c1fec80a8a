import { type Bytes, chunksOf, observed } from "../bytes.ts";
import { decompress } from "../codec/decode.ts";
import { giveBack } from "../lent.ts";
import type { DecodeLimits } from "../codec/limits.ts";
import type { Options } from "../content/contracts.ts";
import { createHasher } from "../digest/hasher.ts";
import type { Hasher } from "../digest/engine.ts";
import { verifying } from "../digest/verify.ts";
import type { Temporary } from "../disk/temporary.ts";
import { GantryError } from "../errors.ts";
import { hashedTar } from "../image/hashed_tar.ts";
import type { Layer } from "../image/layer.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { isWhiteout } from "../spec/whiteout.ts";
import { linknameOf, pathOf, type TarHeader } from "../tar/header.ts";
import { decodeName } from "../tar/names.ts";
import { Scanner, type TarLimits } from "../tar/scanner.ts";
import type { Inode } from "./inode.ts";
import { nameOf } from "./path.ts";
import { type Whiteout, whiteoutOf } from "./whiteout.ts";

/** What one layer says. */
export interface LayerScan {
  /** What it adds, in the order of its tar. */
  added: Inode[];
  /** What it takes away. */
  whiteouts: Whiteout[];
  /** How many names it adds. */
  paths: number;
  /** Bytes of content in its files. */
  bytes: number;
}

/** What is refused for its size. */
export type LayerLimits = TarLimits & DecodeLimits;

/** Takes what a layer adds as it goes by. What it throws ends the scan. */
export interface ContentSink {
  /** An entry begins, which is no whiteout; tells whether its content is wanted. */
  begin(inode: Inode, head: TarHeader): boolean;
  /** A piece of the content of a file; of a sparse one, of what it holds between its holes. */
  write(piece: Bytes): void;
  /** That was all of it. */
  end(): void;
}

/** How to scan a layer. */
export interface ScanOptions extends Options {
  /** Which layer it is, from 0 at the base. */
  index: number;
  /** Where the tar is kept. */
  tar?: Temporary | undefined;
  /** Hashes the content of each file. */
  digests?: boolean | undefined;
  /** Is given the content of files. */
  sink?: ContentSink | undefined;
  limits?: LayerLimits | undefined;
}

/**
 * Reads a layer to its end, once: its digest and diffID are verified, its headers noted.
 *
 * @throws {GantryError} `digest-mismatch`, `size-mismatch`; `invalid-archive` when it is not a tar or its whiteouts make no
 * sense.
 */
export async function scanLayer(layer: Layer, options: ScanOptions): Promise<LayerScan> {
  const { signal, tar } = options;
  const what = layer.known ? `layer ${layer.known.digest}` : `layer ${options.index}`;
  const notes = new Notes(what, options);
  const others = new WeakSet<ArrayBuffer>();
  const release = (chunk: Bytes) => others.has(chunk.buffer) || free(chunk);
  const keeper = tar && new Keeper(tar, release);
  let last: Bytes | undefined;
  try {
    for await (const chunk of chunksOf(await wholeTar(layer, what, options, others), signal)) {
      await notes.take(chunk);
      // The scanner may have had the end of the chunk before until now.
      if (keeper) await keeper.keep(chunk);
      else if (last) release(last);
      last = chunk;
    }
    return await notes.end();
  } finally {
    await keeper?.end();
  }
}

/** Gives memory back that nobody needs any longer: engines collect it so late that a fast stream fills tens of megabytes. */
function free(chunk: Bytes): void {
  if (giveBack(chunk)) return;
  const { buffer, byteLength } = chunk;
  // Others may have a part of the same buffer. Node 20 cannot give back any.
  if (byteLength === buffer.byteLength) buffer.transfer?.(0);
}

/** In bytes: so much is written at once. */
const keptAtOnce = 256 * 1024;

/** Writes chunks into a temporary file while others are read. */
class Keeper {
  readonly #tar: Temporary;
  readonly #release: (chunk: Bytes) => void;
  #chunks: Bytes[] = [];
  #length = 0;
  /** Those that are being written. */
  #leaving: readonly Bytes[] = [];
  #writing: Promise<void> = Promise.resolve();

  /** Chunks are released when they have been written and others have come after them. */
  constructor(tar: Temporary, release: (chunk: Bytes) => void) {
    this.#tar = tar;
    this.#release = release;
  }

  async keep(chunk: Bytes): Promise<void> {
    this.#chunks.push(chunk);
    this.#length += chunk.byteLength;
    if (this.#length >= keptAtOnce) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  async #flush(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    await this.#writing;
    this.#leaving.forEach(this.#release);
    this.#leaving = chunks;
    this.#writing = this.#tar.append(...chunks);
    this.#writing.catch(() => {}); // it is awaited with the next chunks
  }
}

/** How to read a layer's tar. */
type TarReading = Options & { limits?: DecodeLimits | undefined };

/**
 * The tar for those who read all of it, verified by the diffID that the config has for it. What is not compressed is passed
 * on as it comes: its buffers, which may be somebody's, are added to `others`.
 */
async function wholeTar(
  layer: Layer,
  what: string,
  { signal, limits }: TarReading,
  others: WeakSet<ArrayBuffer>,
): Promise<ReadableStream<Bytes>> {
  const diffID = await layer.recordedDiffID({ signal });
  const packed = observed(await layer.compressed({ signal }), {
    chunk: ({ buffer }) => void others.add(buffer),
  });
  if (diffID === undefined) return packed.pipeThrough(decompress({ what, limits, thread: true }));
  const done = (digest: Digest) => {
    if (digest === diffID) return;
    throw new GantryError("digest-mismatch", `read tar of ${what}: ${digest}, expected ${diffID}`);
  };
  return hashedTar(packed, { what, limits, algorithm: algorithmOf(diffID), done });
}

/** As much of the tar as the reader wants; at its end it is verified too. */
export async function openTar(
  layer: Layer,
  what: string,
  { signal, limits }: TarReading,
): Promise<ReadableStream<Bytes>> {
  const diffID = await layer.recordedDiffID({ signal });
  const tar = (await layer.compressed({ signal })).pipeThrough(decompress({ what, limits }));
  return diffID === undefined
    ? tar
    : tar.pipeThrough(verifying({ digest: diffID }, { what: `tar of ${what}` }));
}

/** Takes a tar in chunks, and notes what is in it. */
class Notes {
  readonly #scanner: Scanner;
  readonly #what: string;
  readonly #options: ScanOptions;
  readonly #scan: LayerScan;
  #last: Inode | undefined;
  #globals: TarHeader["globals"] | undefined;
  #hasher: Hasher | undefined;
  /** Who takes the content of the entry that the scanner stands at. */
  #sink: ContentSink | undefined;

  constructor(what: string, options: ScanOptions) {
    this.#what = what;
    this.#options = options;
    this.#scanner = new Scanner(what, options.limits);
    this.#scan = { added: [], whiteouts: [], paths: 0, bytes: 0 };
  }

  async take(chunk: Bytes): Promise<void> {
    this.#scanner.feed(chunk);
    for (;;) {
      if (this.#hasher && !await this.#hash(this.#hasher)) return;
      if (this.#sink && !this.#give(this.#sink)) return;
      const head = this.#scanner.next();
      if (!head) return;
      this.#note(head);
      if (this.#options.digests && head.type === "file" && !head.sparse) this.#hasher = await createHasher();
    }
  }

  async end(): Promise<LayerScan> {
    this.#scanner.finish();
    if (this.#hasher) await this.#hash(this.#hasher);
    if (this.#sink) this.#give(this.#sink);
    return this.#scan;
  }

  /** Hashes what is here of a file's content; tells whether that was the rest of it. */
  async #hash(hasher: Hasher): Promise<boolean> {
    for (let piece = this.#scanner.content(Infinity); piece; piece = this.#scanner.content(Infinity)) {
      await hasher.update(piece);
    }
    if (this.#scanner.left > 0) return false;
    this.#last!.digest = await hasher.digest();
    this.#hasher = undefined;
    return true;
  }

  /** Gives away what is here of a file's content; tells whether that was the rest of it. */
  #give(sink: ContentSink): boolean {
    for (let piece = this.#scanner.content(Infinity); piece; piece = this.#scanner.content(Infinity)) {
      sink.write(piece);
    }
    if (this.#scanner.left > 0) return false;
    sink.end();
    this.#sink = undefined;
    return true;
  }

  #note(head: TarHeader): void {
    const path = decodeName(pathOf(head));
    const global = head.globals !== (this.#globals ?? head.globals) ||
      (!this.#globals && head.globals.size > 0);
    this.#globals = head.globals;
    const whiteout = whiteoutOf(path, this.#what);
    if (whiteout) this.#scan.whiteouts.push(whiteout);
    const inode = inodeOf(head, path, this.#options.index, this.#scanner, global);
    this.#last = inode;
    if (isWhiteout(nameOf(path))) return;
    this.#scan.added.push(inode);
    this.#scan.paths++;
    this.#scan.bytes += inode.size;
    const { sink } = this.#options;
    if (sink?.begin(inode, head)) this.#sink = sink;
  }
}

function inodeOf(head: TarHeader, path: string, layer: number, scanner: Scanner, global: boolean): Inode {
  const { type, size, mode, uid, gid, mtime, devmajor, devminor } = head;
  const linkname = type === "symlink" || type === "hardlink" ? decodeName(linknameOf(head)) : "";
  const map = head.map?.byteLength ?? 0;
  const content = scanner.offset - map;
  const start = content - head.header.byteLength;
  const end = scanner.offset + scanner.left + scanner.padding;
  return {
    type,
    size,
    mode,
    uid,
    gid,
    mtime,
    devmajor,
    devminor,
    linkname,
    layer,
    path,
    start,
    content,
    end,
    global,
    digest: undefined,
    shared: false,
  };
}
