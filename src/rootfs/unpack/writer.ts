import { Buffer } from "node:buffer";
import { fchmodSync, fsyncSync, linkSync, symlinkSync } from "node:fs";
import { errno, storageError } from "../../disk/errors.ts";
import { GantryError } from "../../errors.ts";
import { type PeriodicYield, periodicYield } from "../../event_loop.ts";
import { encodeName } from "../../tar/names.ts";
import type { Inode } from "../../tree/inode.ts";
import { setFacts, setFactsAt } from "./facts.ts";
import type { OpenDirectory } from "./open_directory.ts";
import type { Skipped, UnpackLimits } from "./options.ts";
import type { Owners } from "./owners.ts";
import { type Planned, plannedBelow } from "./planned.ts";
import { isSpecial, makeDevice, makeSpecialFiles, type NotMade } from "./special_files.ts";
import { checkPath, type Staging } from "./staging.ts";
import { setAttributes } from "./xattrs.ts";

/** What it takes to write. */
export interface WriterParts {
  staging: Staging;
  owners: Owners;
  limits: UnpackLimits;
  signal: AbortSignal | undefined;
}

/** Facts of a directory that no layer has an entry for. */
const plainDirectory = { mode: 0o755, uid: 0, gid: 0, mtime: 0 } as const;

/**
 * Puts names to what is in the staging directory. A tree of names has no two that are the same, and no link on the way to
 * any: each is made once, in a directory that was made before, and nothing is ever replaced.
 */
export class Writer {
  readonly skipped: Skipped[] = [];
  readonly #parts: WriterParts;
  readonly #pause: PeriodicYield = periodicYield();
  readonly #folds: boolean;
  #keepsBytes: boolean | undefined;
  #notMade: NotMade = new Map();
  /** Attributes that are not set, by what they were for. */
  readonly #unset = new Map<Inode, string[]>();
  #whiteout: string | undefined;
  /** What stands before the paths of the image in the file of owners. */
  #recorded = "";

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#folds = parts.staging.directory.folds();
  }

  /** Makes what is no file, and has several names or needs programs to be made. To be called once, with all there is. */
  async prepare(plans: readonly Planned[]): Promise<void> {
    const { staging, owners } = this.#parts;
    const wanted = new Set<Inode>();
    let whiteouts = false;
    for (const { inode, children, whiteout } of plans.flatMap((plan) => [...plannedBelow(plan)])) {
      if (inode && !children) wanted.add(inode);
      whiteouts ||= whiteout ?? false;
    }
    const special = [...wanted].filter(isSpecial);
    this.#notMade = await makeSpecialFiles(special, staging, owners);
    for (const inode of special) if (!this.#notMade.has(inode)) this.#setFacts(inode);
    for (const inode of wanted) {
      if (inode.type !== "symlink" || !(inode.shared || staging.attributes.has(inode))) continue;
      symlinkSync(this.#bytes(inode.linkname, inode.path), staging.directory.at(staging.number(inode)));
      this.#setFacts(inode);
    }
    await this.#setAttributes([...wanted]);
    if (whiteouts) await this.#makeWhiteout();
  }

  /** Makes a directory at a path, and fills it. */
  async fillBelow(above: OpenDirectory, path: string, plan: Planned, recorded = path): Promise<void> {
    const [name = "", ...rest] = path.split("/");
    const made = above.make(name);
    try {
      if (rest.length > 0) {
        await this.fillBelow(made, rest.join("/"), plan, recorded);
        fchmodSync(made.fd, 0o755);
        if (this.#parts.staging.flushesEach) fsyncSync(made.fd);
      } else {
        this.#recorded = `${recorded}/`;
        await this.fill(made, plan);
      }
    } finally {
      made.close();
    }
  }

  /** Fills a directory, and then gives it its own facts. */
  async fill(directory: OpenDirectory, plan: Planned, path = ""): Promise<void> {
    const { signal, limits, owners, staging } = this.#parts;
    checkPath(path, limits);
    const below = path === "" ? "" : `${path}/`;
    for (const [name, child] of plan.children!) {
      const pause = this.#pause();
      if (pause) await pause;
      signal?.throwIfAborted();
      if (!child.children) this.#named(below + name, () => this.#put(child, directory, name, below + name));
    }
    for (const [name, child] of plan.children!) {
      if (!child.children) continue;
      this.#checkName(name, below + name);
      const made = this.#named(below + name, () => directory.make(name));
      try {
        await this.fill(made, child, below + name);
      } finally {
        made.close();
      }
    }
    const inode = plan.inode ?? { ...plainDirectory, path };
    const attributes = plan.inode && staging.attributes.get(plan.inode);
    if (attributes) this.#tell(path || ".", await setAttributes([{ path: directory.outside(), attributes }]));
    this.#named(path, () => {
      setFacts(directory.fd, inode, owners);
      if (staging.flushesEach) fsyncSync(directory.fd);
    });
    owners.note(this.#recorded + (path || "."), inode);
  }

  /** Puts something that is no directory under its name. */
  #put({ inode, whiteout }: Planned, directory: OpenDirectory, name: string, path: string): void {
    const { staging, owners } = this.#parts;
    this.#checkName(name, path);
    if (whiteout) return linkSync(staging.directory.at(this.#whiteout), directory.at(name));
    const number = staging.numberOf(inode!);
    const missing = this.#notMade.get(inode!) ??
      (inode!.type === "other" ? "of a type that no disk has" : undefined);
    if (missing !== undefined) {
      owners.note(this.#recorded + path, inode!, true);
      return void this.skipped.push({ path, reason: missing });
    }
    if (number === undefined) {
      symlinkSync(this.#bytes(inode!.linkname, path), directory.at(name));
      setFactsAt(directory.at(name), inode!, owners);
    } else if (inode!.shared || this.#folds) {
      linkSync(staging.directory.at(number), directory.at(name));
    } else staging.directory.move(number, directory, name);
    for (const reason of this.#unset.get(inode!) ?? []) this.skipped.push({ path, reason });
    owners.note(this.#recorded + path, inode!);
  }

  #setFacts(inode: Inode): void {
    const { staging, owners } = this.#parts;
    setFactsAt(staging.directory.at(staging.numberOf(inode)), inode, owners);
  }

  async #setAttributes(inodes: readonly Inode[]): Promise<void> {
    const { staging } = this.#parts;
    const attributed = inodes.flatMap((inode) => {
      const attributes = staging.attributes.get(inode);
      const number = staging.numberOf(inode);
      if (!attributes || number === undefined || this.#notMade.has(inode)) return [];
      return { path: staging.directory.outside(number), attributes, inode };
    });
    const inodeOf = new Map(attributed.map((one) => [one.path, one.inode]));
    for (const { of, name, reason } of await setAttributes(attributed)) {
      const inode = inodeOf.get(of.path)!;
      this.#unset.set(inode, [...this.#unset.get(inode) ?? [], unset(name, reason)]);
    }
  }

  async #makeWhiteout(): Promise<void> {
    const number = this.#parts.staging.number();
    const made = await makeDevice(this.#parts.staging, number, { type: "c", numbers: [0, 0], mode: 0 });
    if (!made.ok) {
      throw new GantryError("unsupported", `unpack layers: cannot make whiteouts: ${made.message}`);
    }
    this.#whiteout = number;
  }

  #tell(path: string, unsets: Awaited<ReturnType<typeof setAttributes>>): void {
    for (const { name, reason } of unsets) this.skipped.push({ path, reason: unset(name, reason) });
  }

  /** Where a link points, as bytes if it is not UTF-8. */
  #bytes(target: string, path: string): string | Buffer {
    if (target.isWellFormed()) return target;
    this.#checkName(target, path);
    return Buffer.from(encodeName(target));
  }

  #checkName(name: string, path: string): void {
    if (name.isWellFormed() || (this.#keepsBytes ??= this.#parts.staging.directory.keepsBytes())) return;
    throw new GantryError(
      "unsupported",
      `unpack ${JSON.stringify(path)}: a name that is not UTF-8, which this runtime or disk cannot write`,
    );
  }

  /** Does something on the disk; errors name the path in the image. */
  #named<T>(path: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const what = `unpack ${JSON.stringify(path)}`;
      if (errno(error) === "EEXIST") {
        throw new GantryError("conflict", `${what}: on this disk, something else has that name`, {
          cause: error,
        });
      }
      throw storageError(what, withoutPath(error));
    }
  }
}

/** The same error, without a path that means nothing to the reader. */
function withoutPath(error: unknown): unknown {
  const code = errno(error);
  if (!(error instanceof Error) || code === undefined) return error;
  return Object.assign(new Error(error.message.split(", ")[0], { cause: error }), { code });
}

function unset(name: string, reason: string): string {
  return `extended attribute ${name}: ${reason}`;
}
