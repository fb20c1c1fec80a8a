import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { emptyImage, type FilePattern, stripFiles, validate } from "../../../src/image/mod.ts";
import type { TarItem } from "../../../src/tar/mod.ts";
import { contentIn, digestsOf, file, layerWith, pathsIn } from "../tars.ts";

const link = (path: string, linkname: string): TarItem => ({ type: "hardlink", path, linkname });
const items = () => [
  { type: "directory" as const, path: "./var/" },
  file("./var/log/a.log", "a"),
  file("var/lib/b.db", "b"),
  file("etc/passwd", "root"),
  link("etc/shadow", "etc/passwd"),
  link("etc/group", "./etc/passwd"),
];
const image = emptyImage().append(layerWith(items)).append(layerWith(() => [file("app", "x")]));

const cases: [FilePattern[], string[]][] = [
  [["var/log"], [
    "./var/",
    "var/lib/b.db",
    "etc/passwd",
    "etc/shadow -> etc/passwd",
    "etc/group -> ./etc/passwd",
  ]],
  [["/var/"], ["etc/passwd", "etc/shadow -> etc/passwd", "etc/group -> ./etc/passwd"]],
  [["**/*.log", "*/*/?.db"], [
    "./var/",
    "etc/passwd",
    "etc/shadow -> etc/passwd",
    "etc/group -> ./etc/passwd",
  ]],
  [[/\.(log|db)$/g], ["./var/", "etc/passwd", "etc/shadow -> etc/passwd", "etc/group -> ./etc/passwd"]],
  [[(path) => path === "etc"], ["./var/", "./var/log/a.log", "var/lib/b.db"]],
  [["var", "etc/passwd"], ["etc/shadow", "etc/group -> etc/shadow"]],
  [["var", "etc/passwd", "etc/shadow"], ["etc/group"]],
  [["v*r/**", "etc/*"], ["./var/"]],
];

describe("stripFiles", () => {
  for (const [patterns, expected] of cases) {
    it(`takes out ${patterns.map(String).join(", ")}`, async () => {
      const edited = image.edit(stripFiles(patterns));
      const [layer, other] = await edited.layers();
      assert.deepEqual(await pathsIn(layer!), expected);
      assert.equal(await other!.digest(), (await digestsOf(image))[1]);
      assert.deepEqual(await validate(edited), []);
    });
  }

  it("makes the first link that stays the file", async () => {
    const [layer] = await image.edit(stripFiles(["etc/passwd"])).layers();
    assert.equal(await contentIn(layer!, "etc/shadow"), "root");
  });

  it("keeps an image byte for byte that has no such file, and layers that are not chosen", async () => {
    assert.equal(await image.edit(stripFiles(["nothing", "va"])).digest(), await image.digest());
    const chosen = image.edit(stripFiles(["var", "app"], { layers: (index, count) => index === count - 1 }));
    assert.deepEqual(await Promise.all((await chosen.layers()).map(pathsIn)), [
      await pathsIn((await image.layers())[0]!),
      [],
    ]);
  });
});
