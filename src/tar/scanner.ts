import { offsets } from "./header_fields.ts";
import type { Bytes } from "../bytes.ts";
import type { ErrorCode } from "../errors.ts";
import { GantryError } from "../errors.ts";
import type { TarHeader } from "./header.ts";
import { blockSize, checksumHolds, parseHeader, pathOf, settleType, sizeField } from "./header.ts";
import { decodeName } from "./names.ts";
import type { Fail } from "./pax.ts";
import { quote } from "./pax.ts";
import { ExtensionHeaders, isExtension } from "./extension_headers.ts";
import { ByteQueue } from "./queue.ts";
import { applySparseRecords, GnuMap, gnuSparse, mapFromRecords, MapLines, sparseVersion } from "./sparse.ts";

/** What the reader refuses to go beyond. */
export interface TarLimits {
  /** Bytes of one extension header, as PAX records or a long name are; 1 MiB, as in Go. An entry may have four times that. */
  header?: number | undefined;
  /** Entries in the archive; 5 million. */
  entries?: number | undefined;
  /** Bytes of one sparse file, holes included, that are given out; 16 GiB. Listing it is never refused. */
  sparse?: number | undefined;
}

type Step = "header" | "extension" | "map" | "content" | "padding" | "end";

/**
 * The state machine: chunks in with `feed`, heads out with `next`, their content with `content`. It never waits: it
 * gives `undefined` when it needs another chunk. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export class Scanner {
  readonly #queue = new ByteQueue();
  readonly #what: string;
  readonly #limits: { entries: number; sparse: number };
  #step: Step = "header";
  /** The entry that the scanner stands at, the last one it stood at, and how much of its content is left. */
  #head: TarHeader | undefined;
  #last: TarHeader | undefined;
  #left = 0;
  #padding = 0;
  #entries = 0;
  #zeros = false;
  /** Where the header that is being read begins. */
  #start = 0;
  readonly #extensions: ExtensionHeaders;
  /** The extension that is being read. */
  #extension = { flag: 0, size: 0 };
  /** The entry whose sparse map is being read. */
  #sparse: { head: TarHeader; map: GnuMap } | { head: TarHeader; map: MapLines } | undefined;

  constructor(what: string, limits: TarLimits = {}) {
    this.#what = what;
    const { header = 1024 * 1024, entries = 5_000_000, sparse = 16 * 1024 ** 3 } = limits;
    this.#limits = { entries, sparse };
    this.#extensions = new ExtensionHeaders(header, (code, reason) => this.#refuse(code, reason));
  }

  /** Adds a chunk, when the last one is used up. */
  feed(chunk: Bytes): void {
    this.#queue.feed(chunk);
  }

  /** Leaves the current entry: what is left of it is not given any more. */
  leave(): void {
    this.#head = undefined;
  }

  /** Leaves the current entry and goes to the next one. */
  next(): TarHeader | undefined {
    this.leave();
    for (;;) {
      switch (this.#step) {
        case "content":
          this.#left -= this.#queue.skip(this.#left);
          if (this.#left > 0) return undefined;
          this.#step = "padding";
          break;
        case "padding":
          this.#padding -= this.#queue.skip(this.#padding);
          if (this.#padding > 0) return undefined;
          this.#step = "header";
          break;
        case "end":
          // What follows the end is not ours to judge, but whoever hashes the stream must see it.
          while (this.#queue.skip(Infinity) > 0);
          return undefined;
        default: {
          const head = this.#step === "header"
            ? this.#header()
            : this.#step === "extension"
            ? this.#readExtension()
            : this.#readMap();
          if (head === "more") return undefined;
          if (head) return this.#head = this.#last = head;
        }
      }
    }
  }

  /** Whether this is the entry that the scanner stands at. */
  at(head: TarHeader): boolean {
    return this.#head === head;
  }

  /** How many bytes of the archive have been given out or skipped. */
  get offset(): number {
    return this.#queue.taken;
  }

  /** How much content of the current entry has not been given yet. */
  get left(): number {
    return this.#left;
  }

  /** And how much padding after it. */
  get padding(): number {
    return this.#padding;
  }

  /** A piece of the current entry's content, at most `length` bytes, uncopied. */
  content(length: number): Bytes | undefined {
    const piece = this.#queue.some(Math.min(length, this.#left));
    if (piece) this.#left -= piece.length;
    return piece;
  }

  /** A piece of what the archive holds of the current entry: content, then padding. */
  stored(): Bytes | undefined {
    const piece = this.#queue.some(this.#left + this.#padding);
    if (!piece) return undefined;
    this.#padding -= Math.max(0, piece.length - this.#left);
    this.#left -= Math.min(piece.length, this.#left);
    return piece;
  }

  /** Refuses to expand what is too large. */
  checkExpansion(head: TarHeader): void {
    if (head.size <= this.#limits.sparse) return;
    this.#refuse(
      "too-large",
      `sparse file ${name(head)} of ${head.size} bytes, more than ${this.#limits.sparse}`,
    );
  }

  /**
   * Says that the stream has ended. Archives without the blocks of zeros at the end are common, and some lack the
   * padding of the last entry.
   */
  finish(): void {
    if (this.#step === "end" || this.#step === "padding") return;
    if (this.#step === "content") {
      if (this.#left === 0) return;
      this.#refuse("invalid-archive", `ends inside ${name(this.#last!)}, ${this.#left} bytes early`);
    }
    if (this.#step !== "header" || this.#queue.midway || this.#extensions.length > 0) {
      this.#refuse("invalid-archive", "ends inside a header");
    }
  }

  #header(): TarHeader | "more" | undefined {
    const view = this.#queue.take(blockSize);
    if (!view) return "more";
    this.#start = this.#queue.taken - blockSize;
    const zeros = view[0] === 0 && view.every((byte) => byte === 0);
    if (this.#zeros) {
      // One block of zeros ends the archive too; but what looks like more entries behind it, some readers see.
      if (!zeros && checksumHolds(view.slice())) this.#fail("a header behind a block of zeros");
      this.#step = "end";
      return undefined;
    }
    this.#zeros = zeros;
    if (zeros) return undefined;
    const block = this.#extensions.keep(view);
    if (!checksumHolds(block)) this.#fail("header checksum is wrong");
    const flag = block[offsets.flag]!;
    if (!isExtension(flag)) return this.#begin(parseHeader(block, this.#fail));
    this.#extension = { flag, size: sizeField(block, this.#fail) };
    this.#extensions.announce(this.#extension.size);
    this.#step = "extension";
    return undefined;
  }

  #readExtension(): "more" | undefined {
    const { flag, size } = this.#extension;
    const body = this.#queue.take(Math.ceil(size / blockSize) * blockSize);
    if (!body) return "more";
    this.#extensions.extend(flag, this.#extensions.keep(body).subarray(0, size));
    this.#step = "header";
    return undefined;
  }

  /** Puts an entry together: the extensions speak of this one only, never of those between. */
  #begin(head: TarHeader): TarHeader | undefined {
    if (++this.#entries > this.#limits.entries) {
      this.#refuse("too-large", `more than ${this.#limits.entries} entries`);
    }
    this.#extensions.apply(head);
    if (head.flag === gnuSparse) {
      const map = new GnuMap(this.#fail);
      this.#sparse = { head, map };
      return this.#continueGnuMap(head, map, map.header(head));
    }
    const version = sparseVersion(head, this.#fail);
    if (version !== undefined) applySparseRecords(head, this.#fail);
    settleType(head);
    head.header = this.#extensions.take();
    if (version === 1) {
      this.#sparse = { head, map: new MapLines(this.#fail) };
      this.#step = "map";
      return undefined;
    }
    if (version === 0) head.sparse = mapFromRecords(head, this.#fail);
    return this.#open(head, head.storedSize);
  }

  #readMap(): TarHeader | "more" | undefined {
    const { head, map } = this.#sparse!;
    if (map instanceof MapLines && this.#extensions.length + blockSize > head.storedSize) {
      this.#fail("sparse map is longer than its file");
    }
    const view = this.#queue.take(blockSize);
    if (!view) return "more";
    const block = this.#extensions.keep(view);
    if (map instanceof GnuMap) return this.#continueGnuMap(head, map, map.more(block));
    if (map.take(block)) return undefined;
    head.map = this.#extensions.take();
    const left = head.storedSize - head.map.length;
    head.sparse = map.map(head, left);
    return this.#open(head, left);
  }

  #continueGnuMap(head: TarHeader, map: GnuMap, more: boolean): TarHeader | undefined {
    this.#step = "map";
    if (more) return undefined;
    head.sparse = map.map(head);
    head.header = this.#extensions.take();
    return this.#open(head, head.storedSize);
  }

  #open(head: TarHeader, left: number): TarHeader {
    this.#sparse = undefined;
    this.#left = left;
    this.#padding = (blockSize - head.storedSize % blockSize) % blockSize;
    this.#step = "content";
    return head;
  }

  readonly #fail: Fail = (reason) => this.#refuse("invalid-archive", reason);

  #refuse(code: ErrorCode, reason: string): never {
    throw new GantryError(code, `read ${this.#what} at byte ${this.#start}: ${reason}`);
  }
}

function name(head: TarHeader): string {
  return quote(decodeName(pathOf(head)));
}
