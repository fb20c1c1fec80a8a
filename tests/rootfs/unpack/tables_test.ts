/** The tables of cases that other projects hold their unpacking to. */

import assert from "node:assert/strict";
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { GantryError } from "../../../src/errors.ts";
import type { TarItem } from "../../../src/tar/mod.ts";
import { fixture, haveFixtures, needsFixtures, table } from "../../support/fixtures.ts";
import { file } from "../../tar/tools.ts";
import { amidCanaries, layerOf } from "./support.ts";

interface Laid {
  dir?: string;
  file?: string;
  content?: string;
  symlink?: string;
  hardlink?: string;
  target?: string;
}

interface UnpackCase {
  name: string;
  tar: string;
  base?: Laid[];
  error?: boolean;
  expect?: {
    file?: string;
    content?: string;
    absent?: string;
    dir_exists?: string;
    same_file?: [string, string];
    not_same_file?: [string, string];
    outside_unchanged?: unknown;
  }[];
}

interface ResolveCase {
  name: string;
  tree: Laid[];
  path: string;
  root?: string;
  expected?: string;
  error?: boolean;
}

describe("secure unpacking", needsFixtures, () => {
  for (
    const { name, tar, base = [], error, expect = [] } of haveFixtures
      ? table<UnpackCase>("unpack-cases")
      : []
  ) {
    it(name, () =>
      amidCanaries(async ({ root, unpack }) => {
        const layers = [layerOf(base.map(itemOf)), layerOf(readFileSync(fixture(tar)))];
        const refused = await unpack(layers).then(() => undefined, (thrown: unknown) => thrown);
        // Whoever refuses what aims outside is right as well.
        const outsideOnly = expect.every((check) => "outside_unchanged" in check);
        if (refused !== undefined) {
          assert.ok(GantryError.is(refused, "invalid-archive"), String(refused));
          assert.ok(outsideOnly && !existsSync(root));
          return;
        }
        assert.ok(!error);
        const ino = (path: string) => lstatSync(join(root, scoped(root, path))).ino;
        for (const check of expect) {
          if (check.file) assert.equal(readFileSync(join(root, check.file), "utf8"), check.content);
          if (check.absent) assert.ok(!existsSync(join(root, check.absent)));
          if (check.dir_exists) assert.ok(lstatSync(join(root, check.dir_exists)).isDirectory());
          if (check.same_file) assert.equal(ino(check.same_file[0]), ino(check.same_file[1]));
          if (check.not_same_file) assert.notEqual(ino(check.not_same_file[0]), ino(check.not_same_file[1]));
        }
      }));
  }
});

describe("paths through links", needsFixtures, () => {
  const cases = haveFixtures ? table<ResolveCase>("path-resolve") : [];
  for (const [i, { name, tree, path, root: scope, expected, error }] of cases.entries()) {
    it(`${name}: ${path} (${i})`, () =>
      amidCanaries(async ({ root, unpack }) => {
        const below = scope ? `${tree.find(({ symlink }) => symlink === scope)?.target ?? scope}/` : "";
        const base = tree.map(itemOf).filter(({ path }) => path.startsWith(below));
        for (const item of base) item.path = item.path.slice(below.length);
        const probe = [{ type: "symlink", path: "probe", linkname: path } as const, file("probe/found", "")];
        const work = unpack([layerOf(base), layerOf(probe)]);
        if (error) return await assert.rejects(work, (thrown) => GantryError.is(thrown, "invalid-archive"));
        await work;
        if (expected !== undefined) assert.ok(existsSync(join(root, expected, "found")), expected);
      }));
  }
});

/** A path as it is for whoever has the directory for their root, its last part not followed. */
function scoped(root: string, path: string): string {
  const steps = path.split("/").filter((step) => step !== "");
  const last = steps.pop()!;
  let at: string[] = [];
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const next = join(root, ...at, step);
    if (step === "..") at.pop();
    else if (lstatSync(next).isSymbolicLink()) {
      const target = readlinkSync(next);
      if (target.startsWith("/")) at = [];
      steps.unshift(...target.split("/").filter((step) => step !== ""));
    } else at.push(step);
  }
  return join(...at, last);
}

function itemOf({ dir, file: name, content = "", symlink, hardlink, target = "" }: Laid): TarItem {
  if (dir !== undefined) return { type: "directory", path: dir };
  if (name !== undefined) return file(name, content);
  const path = symlink ?? hardlink!;
  return { type: symlink === undefined ? "hardlink" : "symlink", path, linkname: target };
}
