import { closeSync, constants, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { GantryError } from "../../errors.ts";
import type { Bytes } from "../../bytes.ts";
import { encodeName } from "../../tar/names.ts";
import type { SparseMap } from "../../tar/sparse_map.ts";
import type { Inode } from "../../tree/inode.ts";
import type { ContentSink } from "../../tree/layer_scan.ts";
import { setFacts } from "./facts.ts";
import type { OpenDirectory } from "./open_directory.ts";
import type { UnpackLimits } from "./options.ts";
import type { Owners } from "./owners.ts";
import { type Attributes, attributesOf } from "./xattrs.ts";

const creating = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** What it takes to write files. */
export interface StagingParts {
  directory: OpenDirectory;
  owners: Owners;
  limits: UnpackLimits;
  /** Flushes each file when it is written. */
  flushesEach: boolean;
}

/**
 * The files of all layers, each written once, as it comes, under a number. No name of a layer's becomes a path here; which
 * of the files are in the image, and where, is known when all layers are.
 */
export class Staging {
  readonly directory: OpenDirectory;
  readonly #owners: Owners;
  readonly #limits: UnpackLimits;
  readonly flushesEach: boolean;
  readonly #numbers = new Map<Inode, string>();
  /** The extended attributes of what has some. */
  readonly attributes = new Map<Inode, Attributes>();
  readonly #open = new Set<number>();
  #count = 0;
  #bytes = 0;

  constructor({ directory, owners, limits, flushesEach }: StagingParts) {
    this.directory = directory;
    this.#owners = owners;
    this.#limits = limits;
    this.flushesEach = flushesEach;
  }

  /** Takes the files of one layer. */
  sink(): ContentSink {
    let writing: FileWriter | undefined;
    return {
      begin: (inode, head) => {
        this.#check(inode);
        const attributes = attributesOf(head.records);
        if (attributes) this.attributes.set(inode, attributes);
        if (inode.type !== "file") return false;
        writing = new FileWriter(this.#create(inode), inode, head.sparse);
        return true;
      },
      write: (piece) => writing!.write(piece),
      end: () => {
        const { fd } = writing!;
        writing!.end();
        setFacts(fd, writing!.inode, this.#owners);
        if (this.flushesEach) fsyncSync(fd);
        this.#open.delete(fd);
        closeSync(fd);
      },
    };
  }

  /** The number under which something lies here; nothing where it does not. */
  numberOf(inode: Inode): string | undefined {
    return this.#numbers.get(inode);
  }

  /** A number for something else that is made here. */
  number(inode?: Inode): string {
    const number = (this.#count++).toString(36);
    if (inode) this.#numbers.set(inode, number);
    return number;
  }

  /** Closes what is being written. */
  close(): void {
    for (const fd of this.#open) closeSync(fd);
    this.#open.clear();
    this.directory.close();
  }

  #create(inode: Inode): number {
    const fd = openSync(this.directory.at(this.number(inode)), creating, 0o600);
    this.#open.add(fd);
    return fd;
  }

  #check({ type, path, linkname, size }: Inode): void {
    const { bytes = 256 * 1024 ** 3, file = 64 * 1024 ** 3 } = this.#limits;
    checkPath(path, this.#limits);
    if (type === "hardlink") checkPath(linkname, this.#limits);
    if (type === "symlink") checkTarget(path, linkname);
    if (type !== "file") return;
    if (size > file) refuse("too-large", path, `a file of ${size} bytes, the limit is ${file}`);
    this.#bytes += size;
    if (this.#bytes > bytes) refuse("too-large", path, `more than ${bytes} bytes in all`);
  }
}

/** Writes one file; of a sparse one the parts that it has, each in its place. */
class FileWriter {
  readonly fd: number;
  readonly inode: Inode;
  readonly #sparse: SparseMap | undefined;
  /** Which part of the map is being written, and how much of it is. */
  #part = 0;
  #written = 0;

  constructor(fd: number, inode: Inode, sparse: SparseMap | undefined) {
    this.fd = fd;
    this.inode = inode;
    this.#sparse = sparse;
  }

  write(piece: Bytes): void {
    if (!this.#sparse) return writeAt(this.fd, piece, null);
    for (let at = 0; at < piece.length;) {
      const left = this.#sparse[this.#part + 1]! - this.#written;
      if (left === 0) {
        this.#part += 2;
        this.#written = 0;
        continue;
      }
      const length = Math.min(left, piece.length - at);
      writeAt(this.fd, piece.subarray(at, at + length), this.#sparse[this.#part]! + this.#written);
      this.#written += length;
      at += length;
    }
  }

  end(): void {
    if (this.#sparse) ftruncateSync(this.fd, this.inode.size);
  }
}

function writeAt(fd: number, bytes: Bytes, position: number | null): void {
  for (let at = 0; at < bytes.length;) {
    at += writeSync(fd, bytes, at, bytes.length - at, position === null ? null : position + at);
  }
}

/** Refuses what no disk has a name for, before it becomes one. */
export function checkPath(path: string, { path: longest = 4096, depth = 256 }: UnpackLimits): void {
  if (path.includes("\0")) refuse("invalid-archive", path, "its name holds a NUL");
  if (path.length > longest || encodeName(path).length > longest) {
    refuse("too-large", path, `a path of more than ${longest} bytes`);
  }
  const names = path.split("/");
  if (names.length > depth && names.filter((name) => name !== "").length > depth) {
    refuse("too-large", path, `a path of more than ${depth} names`);
  }
  const tooLong = names.find((name) =>
    name.length > 255 || (name.length > 63 && encodeName(name).length > 255)
  );
  if (tooLong !== undefined) refuse("too-large", path, "a name of more than 255 bytes");
}

function checkTarget(path: string, target: string): void {
  if (target.includes("\0")) refuse("invalid-archive", path, "what it links to holds a NUL");
  if (target === "") refuse("invalid-archive", path, "it links to nothing");
  if (encodeName(target).length > 4095) refuse("too-large", path, "it links to more than 4095 bytes");
}

function refuse(code: "too-large" | "invalid-archive", path: string, reason: string): never {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  throw new GantryError(code, `unpack ${JSON.stringify(shown)}: ${reason}`);
}
