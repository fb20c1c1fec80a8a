import { lengths, offsets } from "./header_fields.ts";
import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { TarHeader } from "./header.ts";
import { linknameOf, pathOf, textField, timeOf } from "./header.ts";
import type { TarEntry, TarItem, TarOptions, TarType } from "./item.ts";
import { decodeName } from "./names.ts";
import type { PaxRecords, TarTime } from "./pax.ts";
import { quote } from "./pax.ts";

/** Gives the content of an entry, or the bytes that the archive holds of it, while the reader stands there. */
export type OpenEntry = (form: "content" | "stored") => ReadableStream<Bytes>;

/** An entry as `readTar` gives it. The header's texts are decoded when asked for. */
export class ReadEntry implements TarEntry {
  readonly #head: TarHeader;
  readonly #open: OpenEntry;
  #stream: ReadableStream<Bytes> | undefined;
  #form: "content" | "stored" | undefined;

  constructor(head: TarHeader, open: OpenEntry) {
    this.#head = head;
    this.#open = open;
  }

  get type(): TarType {
    return this.#head.type;
  }

  get typeflag(): string {
    return String.fromCharCode(this.#head.flag);
  }

  get path(): string {
    return decodeName(pathOf(this.#head));
  }

  get pathBytes(): Bytes {
    return pathOf(this.#head).slice();
  }

  get linkname(): string {
    return decodeName(linknameOf(this.#head));
  }

  get linknameBytes(): Bytes {
    return linknameOf(this.#head).slice();
  }

  get size(): number {
    return this.#head.size;
  }

  /** How many bytes {@link ReadEntry.stored} gives, padding aside. */
  get storedSize(): number {
    return this.#head.storedSize;
  }

  get mode(): number {
    return this.#head.mode;
  }

  get uid(): number {
    return this.#head.uid;
  }

  get gid(): number {
    return this.#head.gid;
  }

  get uname(): string {
    return decodeName(this.#owner(this.#head.uname, offsets.uname));
  }

  get gname(): string {
    return decodeName(this.#owner(this.#head.gname, offsets.gname));
  }

  get mtime(): TarTime {
    const { mtime } = this.#head;
    return typeof mtime === "number" ? { seconds: mtime, nanoseconds: 0 } : mtime;
  }

  get atime(): TarTime | undefined {
    return timeOf(this.#head, "atime");
  }

  get ctime(): TarTime | undefined {
    return timeOf(this.#head, "ctime");
  }

  get devmajor(): number {
    return this.#head.devmajor;
  }

  get devminor(): number {
    return this.#head.devminor;
  }

  get pax(): PaxRecords {
    return this.#head.records;
  }

  get globals(): PaxRecords {
    return this.#head.globals;
  }

  get header(): Bytes {
    return this.#head.header.slice();
  }

  /** {@link ReadEntry.header} without a copy: others' headers lie in the same memory. */
  get sharedHeader(): Bytes {
    return this.#head.header;
  }

  get readable(): ReadableStream<Bytes> {
    return this.#opened("content");
  }

  get stored(): ReadableStream<Bytes> {
    return this.#opened("stored");
  }

  get options(): TarOptions {
    const { seconds, nanoseconds } = this.mtime;
    const pax = new Map<string, Bytes>();
    for (const [key, value] of this.pax) {
      if (value.length > 0 && !fields.has(key) && !key.startsWith("GNU.sparse.")) pax.set(key, value);
    }
    return {
      mode: this.mode,
      uid: this.uid,
      gid: this.gid,
      uname: this.uname,
      gname: this.gname,
      mtime: seconds,
      ...nanoseconds > 0 ? { nanoseconds } : {},
      ...this.type.endsWith("device") ? { devmajor: this.devmajor, devminor: this.devminor } : {},
      ...pax.size > 0 ? { pax } : {},
    };
  }

  with(changes: Partial<TarItem>): TarItem {
    const { type, path, size, linkname } = this;
    return {
      type,
      path,
      size,
      ...linkname === "" || (type !== "symlink" && type !== "hardlink") ? {} : { linkname },
      ...size === 0 || changes.readable ? {} : { readable: this.readable },
      ...changes,
      options: { ...this.options, ...changes.options },
    };
  }

  #opened(form: "content" | "stored"): ReadableStream<Bytes> {
    if (this.#form !== undefined && this.#form !== form) {
      throw new GantryError(
        "consumed",
        `read tar entry ${quote(this.path)}: its ${this.#form} is being read`,
      );
    }
    this.#form = form;
    return this.#stream ??= this.#open(form);
  }

  #owner(record: Bytes | undefined, at: number): Bytes {
    return record ?? textField(this.#head.block, at, this.#head.format === "v7" ? 0 : lengths.uname);
  }
}

/** The records that have a field of their own, or speak of the header they are in. */
export const fields: ReadonlySet<string> = new Set([
  "path",
  "linkpath",
  "size",
  "uid",
  "gid",
  "uname",
  "gname",
  "mtime",
  "hdrcharset",
]);
