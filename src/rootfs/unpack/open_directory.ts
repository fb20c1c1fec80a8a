import { Buffer } from "node:buffer";
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { errno } from "../../disk/errors.ts";
import { GantryError } from "../../errors.ts";
import { encodeName } from "../../tar/names.ts";

/** A path: bytes where it is not UTF-8. */
export type DiskPath = string | Buffer;

const flags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
const noFollow = constants.O_NOFOLLOW ?? 0;
/** Opens what may not be read, to have hold of it. Node has no name for it. */
const justHold = 0o10000000;

const hasDescriptors = process.platform === "linux" && existsSync("/proc/self/fd");

/**
 * A directory that is open. All that is done in it goes through what is open, so that nothing that takes its place, or
 * that of a directory above it, is ever written to; and nothing here follows a link. Elsewhere than on Linux paths
 * have to do.
 *
 * Calls are synchronous: one through the runtime's threads takes several times as long as what it does.
 */
export class OpenDirectory {
  readonly fd: number;
  readonly #path: string;

  private constructor(fd: number, path: string) {
    this.fd = fd;
    this.#path = hasDescriptors ? `/proc/self/fd/${fd}` : path;
  }

  /** Opens a directory, whatever links lead there. */
  static open(path: string): OpenDirectory {
    const real = realpathSync(path);
    return new OpenDirectory(openSync(real, flags | noFollow), real);
  }

  /** The path of a name in it; without a name, its own. */
  at(name: string = "."): DiskPath {
    if (name.isWellFormed()) return `${this.#path}/${name}`;
    return Buffer.concat([Buffer.from(`${this.#path}/`), encodeName(name)]);
  }

  /** The same path for another program. */
  outside(name: string = "."): string {
    return hasDescriptors ? `/proc/${process.pid}/fd/${this.fd}/${name}` : `${this.#path}/${name}`;
  }

  /** Opens a directory in it. */
  enter(name: string): OpenDirectory {
    const path = this.at(name);
    return new OpenDirectory(openSync(path, flags | noFollow), path.toString());
  }

  /**
   * Makes a directory in it, which only we may enter for now, and opens it.
   *
   * @throws {GantryError} `conflict` when another has taken its place by then.
   */
  make(name: string): OpenDirectory {
    mkdirSync(this.at(name), { mode: 0o700 });
    const made = this.#enterMade(name);
    if (made.names().length === 0) return made;
    made.close();
    throw swapped();
  }

  #enterMade(name: string): OpenDirectory {
    try {
      return this.enter(name);
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errno(error) ?? "")) throw swapped();
      throw error;
    }
  }

  /** What is known of a name in it; nothing where it is not there. */
  stat(name: string): BigIntStats | undefined {
    try {
      return lstatSync(this.at(name), { bigint: true });
    } catch (error) {
      if (errno(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** What is known of itself. */
  self(): BigIntStats {
    return fstatSync(this.fd, { bigint: true });
  }

  /** The names in it. */
  names(): string[] {
    return readdirSync(this.at());
  }

  /** Whether two names that look alike are one here. To be asked while it is empty but for names of digits. */
  folds(): boolean {
    const probes = [["probe", "PROBE"], ["\u00e9", "e\u0301"]] as const;
    return probes.some(([name, alike]) => {
      mkdirSync(this.at(name));
      const same = this.stat(alike) !== undefined;
      rmdirSync(this.at(name));
      return same;
    });
  }

  /** Whether names that are not UTF-8 come to the disk as they are. */
  keepsBytes(): boolean {
    const name = "probe\udcff";
    mkdirSync(this.at(name));
    const kept = readdirSync(this.at(), { encoding: "buffer" }).some((name) => name.at(-1) === 0xff);
    rmdirSync(this.at(name));
    return kept;
  }

  /** Writes a new file, for good. */
  write(name: string, content: string | Uint8Array): void {
    const fd = openSync(this.at(name), "wx");
    try {
      writeFileSync(fd, content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Moves something to another directory, over what has that name. */
  move(name: string, to: OpenDirectory, as: string): void {
    renameSync(this.at(name), to.at(as));
  }

  /** Removes a name and all that is below it, if it is there. */
  remove(name: string): void {
    const there = this.stat(name);
    if (!there) return;
    if (!there.isDirectory()) return unlinkSync(this.at(name));
    const directory = this.#enterAnyway(name);
    try {
      for (const below of directory.names()) directory.remove(below);
    } finally {
      directory.close();
    }
    rmdirSync(this.at(name));
  }

  /** Removes an empty directory in it. */
  removeEmpty(name: string): void {
    rmdirSync(this.at(name));
  }

  /** Opens a directory to empty it, also one whose owner may not. */
  #enterAnyway(name: string): OpenDirectory {
    try {
      const directory = this.enter(name);
      if (process.getuid?.() !== 0) fchmodSync(directory.fd, 0o700);
      return directory;
    } catch (error) {
      if (errno(error) !== "EACCES" || !hasDescriptors) throw error;
    }
    const held = openSync(this.at(name), flags | noFollow | justHold);
    try {
      chmodSync(`/proc/self/fd/${held}`, 0o700);
    } finally {
      closeSync(held);
    }
    return this.enter(name);
  }

  close(): void {
    closeSync(this.fd);
  }
}

function swapped(): GantryError {
  return new GantryError("conflict", "unpack: another process put something in the place of a directory");
}
