/** Tables of cases that other projects hold their unpacking to, and layers that they squashed. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { type Image, type Layer, layer, openImage } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import type { TarItem } from "../../src/tar/mod.ts";
import { openTree } from "../../src/tree/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fixture, needsFixtures, table } from "../support/fixtures.ts";
import { file } from "../tar/tools.ts";
import { contents, layerOf, listed } from "./support.ts";
import { lookup } from "./model.ts";
import { merged } from "./stacks.ts";

interface Made {
  dir?: string;
  file?: string;
  symlink?: string;
  hardlink?: string;
  target?: string;
  content?: string;
}

interface UnpackCase {
  name: string;
  tar: string;
  base?: Made[];
  error?: boolean;
  expect?: {
    same_file?: [string, string];
    not_same_file?: [string, string];
    file?: string;
    content?: string;
    absent?: string;
    dir_exists?: string;
  }[];
}

interface ResolveCase {
  name: string;
  tree: Made[];
  root?: string;
  path: string;
  expected?: string;
  error?: boolean;
}

function itemOf({ dir, file: path, symlink, hardlink, target: linkname, content = "" }: Made): TarItem {
  if (dir !== undefined) return { type: "directory", path: dir };
  if (symlink !== undefined) return { type: "symlink", path: symlink, linkname };
  if (hardlink !== undefined) return { type: "hardlink", path: hardlink, linkname };
  return file(path!, content);
}

const clean = (path: string) => path.replace(/^\/+|\/+$/g, "");
const tarLayer = (path: string): Layer =>
  layer(new Uint8Array(readFileSync(fixture(path))) as Bytes, { compression: "none" });

describe("the merge of layers", needsFixtures, () => {
  for (const row of needsFixtures.skip ? [] : table<UnpackCase>("unpack-cases")) {
    it(`unpacks ${row.name} as others do`, async () => {
      const layers = [layerOf(() => (row.base ?? []).map(itemOf)), tarLayer(row.tar)];
      if (row.error) return void await rejects(merged(layers), "invalid-archive");
      let files;
      try {
        files = await merged(layers);
      } catch (error) {
        // Whatever happens to these, nothing outside is touched: nothing outside is ever looked at here.
        if (!row.name.startsWith("moby-")) throw error;
        return void await rejects(Promise.reject(error), "invalid-archive");
      }
      const at = (path: string) => files.get(lookup(files, path) ?? "");
      for (const check of row.expect ?? []) {
        const [one, other] = (check.same_file ?? check.not_same_file ?? []).map((path) => at(path));
        if (check.same_file) assert.ok(one && one === other);
        if (check.not_same_file) assert.ok(one && one !== other);
        if (check.file !== undefined) assert.equal(at(check.file)?.content, check.content);
        if (check.absent !== undefined) assert.equal(files.has(clean(check.absent)), false);
        if (check.dir_exists !== undefined) {
          assert.equal(at(check.dir_exists)?.type, "directory");
        }
      }
      for (const path of files.keys()) assert.ok(!path.split("/").includes(".."), path);
    });
  }

  for (const [i, row] of (needsFixtures.skip ? [] : table<ResolveCase>("path-resolve")).entries()) {
    it(`resolves ${row.path} inside the root (${row.name}, ${i})`, async () => {
      const top = row.tree.find(({ symlink }) => symlink === row.root)?.target ?? row.root ?? "";
      const inside = (path: string) =>
        top === "" || path.startsWith(`${top}/`) ? path.slice(top === "" ? 0 : top.length + 1) : "";
      const items = () => [
        ...row.tree.map(itemOf).map((item) => ({ ...item, path: inside(item.path) })).filter(({ path }) =>
          path !== ""
        ),
        // A link's target is not cleaned: `..` leads where the links before it say.
        { type: "symlink", path: ".probe", linkname: `/${row.path}` } as const,
        { type: "file", path: ".probe/found" } as const,
      ];
      const paths = async () => await listed([layerOf(items)]);
      if (row.error) return void await rejects(paths(), "invalid-archive", /too many symlinks/);
      const found = (await paths()).filter((path) => path.endsWith("found"));
      assert.equal(found.length, 1);
      if (row.expected !== undefined) assert.equal(found[0], clean(`${row.expected}/found`));
    });
  }

  const squashed: Record<string, string> = {
    "hard-link-1": "HardLink1",
    "hard-link-delete-3": "HardLinkDelete3",
    "root-dir-entry": "RootDirEntry",
  };
  for (const [name, golden] of Object.entries(squashed)) {
    it(`gives what sylabs squashed ${name} to`, async () => {
      const image = await only(`oci-layouts/sylabs-${name}`);
      const squash = tarLayer(`layers/squash-golden/${golden}.tar`);
      assert.deepEqual((await listed(image)).sort(), (await listed([squash])).sort());
      assert.deepEqual(await contents(image), await contents([squash]));
    });
  }

  it("keeps a link to a link whose name is gone, where a squashed layer had a link to nothing", async () => {
    const image = await only("oci-layouts/sylabs-hard-link-delete-4");
    assert.deepEqual(await listed(image), ["a/", "a/b/", "a/b/foo", "a/b/baz -> a/b/foo"]);
    await rejects(
      listed([tarLayer("layers/squash-golden/HardLinkDelete4.tar")]),
      "invalid-archive",
      /not there/,
    );
  });

  it("merges fifty layers", async () => {
    assert.equal((await listed(await only("oci-layouts/sylabs-many-layers"))).length, 50);
  });

  for (
    const name of [
      "buildah-dir-not-dir-test",
      "buildah-not-dir-dir-test",
      "regclient-layer-wh",
      "scalibr-escape",
    ]
  ) {
    it(`is done with ${name}.tar`, async () => {
      const layers = [tarLayer(`layers/${name}.tar`)];
      const once = await outcome(() => listed(layers));
      if (typeof once === "string") return assert.equal(once, "invalid-archive");
      await using tree = await openTree(layers);
      const again: string[] = [];
      for await (const { path } of tree.entries()) again.push(path);
      assert.equal(again.length, once.length);
    });
  }
});

async function only(path: string): Promise<Image> {
  const source = layout(fixture(path));
  for await (const root of source.roots()) return await openImage(source, root);
  throw new Error(`${path} is empty`);
}

async function outcome<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    return (error as { code: string }).code;
  }
}
