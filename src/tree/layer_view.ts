import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import type { Layer } from "../image/layer.ts";
import { isWhiteout } from "../spec/whiteout.ts";
import { readTar, type TarEntry, type TarType } from "../tar/mod.ts";
import { openTar } from "./layer_scan.ts";
import { nameOf, partsOf } from "./path.ts";
import { openToc, type Toc, type TocFile } from "./toc.ts";
import { whiteoutOf } from "./whiteout.ts";

/** What a layer has under a path. */
export interface Seen {
  type: TarType;
  size: number;
  mode: number;
  uid: number;
  gid: number;
  /** Where a link points. */
  linkname: string;
  /** How many paths the layer has before it. */
  order: number;
  /** The entry of the tar, or of the table of contents. */
  entry: TarEntry | TocFile;
}

/**
 * Looks for paths in one layer, and reads no more of it than it must: its table of contents, or its tar up to where the path
 * is.
 */
export class LayerView implements AsyncDisposable {
  readonly #layer: Layer;
  readonly #what: string;
  readonly #options: Options;
  readonly #seen = new Map<string, Seen>();
  readonly #hidden = new Set<string>();
  readonly #opaque = new Set<string>();
  #toc: Toc | undefined;
  #entries: AsyncGenerator<TarEntry, void, void> | undefined;
  /** The entry that the reader of the tar stands at. */
  #current: TarEntry | undefined;
  #ended = false;
  #count = 0;

  constructor(layer: Layer, what: string, options: Options) {
    this.#layer = layer;
    this.#what = what;
    this.#options = options;
  }

  /** Whether what it gives is verified, though the layer has not been read to its end. */
  get verified(): boolean {
    return this.#toc !== undefined || this.#ended;
  }

  /** What the layer has under a path. It has been looked through to its end where that is nothing. */
  async seek(path: string): Promise<Seen | undefined> {
    if (!this.#toc && !this.#entries && !this.#ended) await this.#open();
    while (!this.#seen.has(path) && !this.#ended) await this.#next();
    return this.#seen.get(path);
  }

  /** What it has under a path as far as it has been looked through. */
  get(path: string): Seen | undefined {
    return this.#seen.get(path);
  }

  /** Looks through it to its end: only then it is known what it takes away. */
  async finish(): Promise<void> {
    while (!this.#ended) await this.#next();
  }

  /** Whether it takes away what the layers below have under a path. */
  hides(path: string): boolean {
    if (this.#hidden.has(path) || this.#opaque.has("")) return true;
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const above = path.slice(0, slash);
      if (this.#hidden.has(above) || this.#opaque.has(above)) return true;
    }
    return false;
  }

  /** The content of a file that {@link LayerView.seek} has found. */
  async content(path: string, { entry }: Seen): Promise<ReadableStream<Bytes>> {
    if ("chunks" in entry) return this.#toc!.open(entry, this.#options);
    if (entry === this.#current) return entry.readable;
    // The reader has gone on.
    await this[Symbol.asyncDispose]();
    this.#seen.delete(path);
    this.#ended = false;
    const again = await this.seek(path);
    return (again!.entry as TarEntry).readable;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#entries?.return();
    this.#entries = this.#current = undefined;
  }

  async #open(): Promise<void> {
    this.#toc = await openToc(this.#layer, this.#options);
    if (!this.#toc) {
      const tar = await openTar(this.#layer, this.#what, this.#options);
      this.#entries = readTar(tar, { what: this.#what, signal: this.#options.signal });
      return;
    }
    for (const file of this.#toc.files.values()) {
      const { name, type, size = 0, mode = 0, uid = 0, gid = 0, linkName = "" } = file.entry;
      this.#note(name, {
        type: types[type] ?? "other",
        size,
        mode,
        uid,
        gid,
        linkname: linkName,
        entry: file,
      });
    }
    this.#ended = true;
  }

  async #next(): Promise<void> {
    const { done, value: entry } = await this.#entries!.next();
    this.#current = entry ?? undefined;
    if (done) return void (this.#ended = true);
    const { path, type, size, mode, uid, gid, linkname } = entry;
    this.#note(path, { type, size, mode, uid, gid, linkname, entry });
  }

  #note(path: string, facts: Omit<Seen, "order">): void {
    const whiteout = whiteoutOf(path, this.#what);
    if (whiteout) (whiteout.opaque ? this.#opaque : this.#hidden).add(whiteout.parts.join("/"));
    if (!isWhiteout(nameOf(path))) {
      this.#seen.set(partsOf(path).join("/"), { ...facts, order: this.#count++ });
    }
  }
}

const types: Record<string, TarType> = {
  reg: "file",
  dir: "directory",
  symlink: "symlink",
  hardlink: "hardlink",
  char: "character-device",
  block: "block-device",
  fifo: "fifo",
};
