import type { Bytes } from "../../bytes.ts";
import { documentLimit } from "../../content/read.ts";
import { GantryError } from "../../errors.ts";
import { ReadEntry } from "../../tar/entry.ts";
import type { TarHeader } from "../../tar/header.ts";
import { Scanner } from "../../tar/scanner.ts";
import { readBytes, readSlice, type Slices } from "../../content/slices.ts";

/** How many entries an archive may have, and characters their names. */
const limits = { entries: 1_000_000, names: 64 * 1024 * 1024 };
/** How much is read at once to find headers. */
const windowSize = 64 * 1024;
/** How many links may lead to a file. */
const mostLinks = 16;

/** A file in an archive. */
export interface File {
  readonly kind: "file";
  /** Its name, without `./` and the like. */
  readonly path: string;
  /** Where its bytes begin. */
  readonly start: number;
  /** How many there are. */
  readonly size: number;
  /** There is more than one of this name; the last one counts, as when the tar is unpacked. */
  readonly twice: boolean;
}

/** Leads to another file; to nothing when it leads out of the archive. */
interface Link {
  readonly kind: "link";
  readonly to: string | undefined;
}

type Entry = File | Link | { readonly kind: "sparse" };

/** What is in a tar: the names of its files, and where they lie. */
export class Contents {
  readonly #bytes: Slices;
  readonly #what: string;
  readonly #entries = new Map<string, Entry>();

  private constructor(bytes: Slices, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Reads the headers of a tar, and little of what stands between them. */
  static async scan(bytes: Slices, what: string, signal?: AbortSignal): Promise<Contents> {
    const contents = new Contents(bytes, what);
    let named = 0;
    for await (const { head, start } of headsIn(bytes, what, signal)) {
      const entry = new ReadEntry(head, unread);
      const path = normalPath(entry.path);
      if (!path) continue;
      named += path.length;
      if (named > limits.names) {
        throw new GantryError("too-large", `read ${what}: more than ${limits.names} characters of names`);
      }
      contents.#add(path, entry, head, start);
    }
    return contents;
  }

  /** The names of all files and links. */
  paths(): Iterable<string> {
    return this.#entries.keys();
  }

  /**
   * A file by its name, through links.
   *
   * @throws {GantryError} `invalid-archive` for a name or link that leads out of the archive, or nowhere.
   */
  find(path: string): File | undefined {
    let at = normalPath(path);
    for (let links = 0; at !== undefined && links <= mostLinks; links++) {
      const entry = this.#entries.get(at);
      if (entry?.kind === "sparse") {
        throw new GantryError(
          "unsupported",
          `read ${JSON.stringify(path)} in ${this.#what}: a sparse file, pack the archive without --sparse`,
        );
      }
      if (!entry && links > 0) {
        throw this.#refuse(path, `it is a link to ${JSON.stringify(at)}, which is not there`);
      }
      if (entry?.kind !== "link") return entry;
      at = entry.to;
    }
    throw this.#refuse(path, at === undefined ? "it leads out of the archive" : "its links lead in circles");
  }

  /** A file's bytes, or those from `start` up to `end`. */
  open(
    file: File,
    range: { start?: number | undefined; end?: number | undefined } = {},
    signal?: AbortSignal,
  ): ReadableStream<Bytes> {
    const end = Math.min(range.end ?? file.size, file.size);
    const start = Math.min(range.start ?? 0, end);
    return readSlice(this.#bytes, [file.start + start, file.start + end], this.#what, signal);
  }

  /**
   * A small file whole.
   *
   * @throws {GantryError} `too-large`; `invalid-archive` when there are several of this name: who knows which one others read.
   */
  async read(file: File, options: { limit?: number; signal?: AbortSignal | undefined } = {}): Promise<Bytes> {
    const { limit = documentLimit, signal } = options;
    if (file.twice) throw this.#refuse(file.path, "it is there more than once");
    if (file.size > limit) {
      throw new GantryError(
        "too-large",
        `read ${JSON.stringify(file.path)} in ${this.#what}: ${file.size} bytes, the limit is ${limit}`,
      );
    }
    return await readBytes(this.#bytes, [file.start, file.start + file.size], this.#what, signal);
  }

  #add(path: string, { type, linkname, size }: ReadEntry, { sparse }: TarHeader, start: number): void {
    if (type === "symlink") {
      const from = linkname.startsWith("/") ? "" : path.slice(0, path.lastIndexOf("/") + 1);
      this.#entries.set(path, { kind: "link", to: normalPath(from + linkname) });
    } else if (type === "hardlink") {
      this.#entries.set(path, { kind: "link", to: normalPath(linkname) });
    } else if (type === "file") {
      const twice = this.#entries.has(path);
      this.#entries.set(path, sparse ? { kind: "sparse" } : { kind: "file", path, start, size, twice });
    }
  }

  #refuse(path: string, reason: string): GantryError {
    return new GantryError("invalid-archive", `read ${JSON.stringify(path)} in ${this.#what}: ${reason}`);
  }
}

/** The headers of a tar. What stands between them is not read: the scanner is given zeros in its place. */
async function* headsIn(
  bytes: Slices,
  what: string,
  signal?: AbortSignal,
): AsyncGenerator<{ head: TarHeader; start: number }, void, void> {
  const scanner = new Scanner(what, { entries: limits.entries });
  const zeros = new Uint8Array(1024 * 1024);
  let fed = 0;
  let nextHeader = 0;
  const scan = <T>(step: () => T): T => {
    try {
      return step();
    } catch (cause) {
      if (nextHeader > 0 || !GantryError.is(cause, "invalid-archive")) throw cause;
      throw new GantryError("invalid-archive", `open ${what}: not a tar`, { cause });
    }
  };
  for (;;) {
    signal?.throwIfAborted();
    const head = scan(() => scanner.next());
    if (head) {
      const start = nextHeader + head.header.byteLength;
      nextHeader = start + Math.ceil(head.storedSize / 512) * 512;
      yield { head, start };
    } else if (fed === bytes.size) {
      return scan(() => scanner.finish());
    } else {
      const left = bytes.size - fed;
      const between = Math.min(nextHeader - fed, left, zeros.byteLength);
      const piece = between > 0
        ? zeros.subarray(0, between)
        : await readBytes(bytes, [fed, fed + Math.min(windowSize, left)], what, signal);
      fed += piece.byteLength;
      scanner.feed(piece);
    }
  }
}

/** A name as others may write it too; nothing for one that climbs out. */
function normalPath(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

function unread(): never {
  throw new Error("the content is read by its place");
}
