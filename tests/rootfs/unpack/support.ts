/** Directories looked at as a whole, and a place to unpack in whose surroundings nothing may change. */

import assert from "node:assert/strict";
import {
  type BigIntStats,
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { type Layer, layer } from "../../../src/image/mod.ts";
import { unpack, type Unpacked, type UnpackOptions } from "../../../src/rootfs/mod.ts";
import { type TarItem, writeTar } from "../../../src/tar/mod.ts";
import { inDirectory } from "../../support/directory.ts";
import { chunked } from "../../tar/tools.ts";

/** All that can be seen of something on the disk. */
export interface Seen {
  type: "file" | "directory" | "symlink" | "fifo" | "device" | "other";
  mode: number;
  uid: number;
  gid: number;
  /** In nanoseconds. */
  mtime: bigint;
  content: string;
  ino: bigint;
}

/** What is in a directory, by path, itself as `.`; `leave` tells what is not looked at. */
export function see(directory: string, leave: (path: string) => boolean = () => false): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const look = (path: string) => {
    if (leave(path)) return;
    const at = join(directory, path);
    const stat = lstatSync(at, { bigint: true });
    const type = typeOf(stat);
    const content = type === "file" ? readFileSync(at, "latin1") : type === "symlink" ? readlinkSync(at) : "";
    const { uid, gid, mtimeNs: mtime, ino } = stat;
    seen.set(path, {
      type,
      mode: Number(stat.mode & 0o7777n),
      uid: Number(uid),
      gid: Number(gid),
      mtime,
      content,
      ino,
    });
    if (type === "directory") {
      // Whoever is not the superuser could not look further.
      if (process.getuid?.() !== 0 && (stat.mode & 0o700n) !== 0o700n) chmodSync(at, 0o700);
      for (const name of readdirSync(at).sort()) look(path === "." ? name : `${path}/${name}`);
    }
  };
  look(".");
  return seen;
}

function typeOf(stat: BigIntStats): Seen["type"] {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  return stat.isCharacterDevice() || stat.isBlockDevice() ? "device" : "other";
}

/** A layer whose tar is these bytes, or has these items; what is to be read twice has to make them. */
export function layerOf(content: Uint8Array | readonly TarItem[] | (() => TarItem[])): Layer {
  const tar = () =>
    content instanceof Uint8Array
      ? chunked(content)
      : writeTar(typeof content === "function" ? content() : content);
  return layer(tar, { compression: "none" });
}

/** Where something is unpacked. */
export interface Surroundings {
  /** Where to unpack to: not there yet. */
  root: string;
  /** What is around it. */
  outer: string;
  unpack(layers: readonly Layer[], options?: UnpackOptions): Promise<Unpacked>;
}

/**
 * Gives the work a directory to be unpacked to, amid others that look like what attackers aim at: they must be the same
 * afterwards, to the times, and nothing may be left beside the directory if it is not there.
 */
export function amidCanaries(work: (surroundings: Surroundings) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    const outer = join(directory, "outer");
    const at = (...parts: string[]) => join(outer, ...parts);
    for (const name of ["victim", "etc", "a", "tmp", "target"]) mkdirSync(at(name), { recursive: true });
    for (const name of ["victim/hello", "etc/passwd", "a/b", "x", "hello"]) {
      writeFileSync(at(name), `canary ${name}`);
      chmodSync(at(name), 0o640);
    }
    symlinkSync("victim", at("link"));
    for (const path of see(outer).keys()) lutimesSync(at(path), 1_000_000_000, 1_000_000_000);
    const root = at("target", "root");
    const leave = (path: string) => path.startsWith("target/root") || path === "target";
    const before = see(outer, leave);
    await work({ root, outer, unpack: (layers, options) => unpack(layers, root, options) });
    assert.deepEqual(see(outer, leave), before);
    const beside = readdirSync(at("target")).filter((name) => name !== basename(root));
    assert.deepEqual(beside.filter((name) => name !== "root.owners.json"), []);
  });
}
