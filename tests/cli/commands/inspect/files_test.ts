import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import type { TarItem } from "../../../../src/tar/mod.ts";
import { file } from "../../../tar/tools.ts";
import { imageOf } from "../../../tree/support.ts";
import { printed, type RegistryFixture, withRegistry } from "../../gantry.ts";

const base = (): TarItem[] => [
  { type: "directory", path: "etc/", options: { mode: 0o1755, mtime: 1 } },
  file("etc/motd", "hello\n", { mode: 0o4640, uid: 7, gid: 8, mtime: 86400 }),
  { type: "symlink", path: "link", linkname: "etc/motd", options: { mode: 0o777 } },
  { type: "hardlink", path: "hard", linkname: "etc/motd" },
  { type: "character-device", path: "null", options: { devmajor: 1, devminor: 3, mode: 0o666 } },
  file("bad\nname\udcff", ""),
  file("gone", "123"),
];

function withImage(work: (fixture: RegistryFixture & { image: string }) => Promise<void>): Promise<void> {
  return withRegistry(async (fixture) => {
    await copy(imageOf(base, () => [file(".wh.gone", "")]), fixture.repository("app"), { name: "v1" });
    await work({ ...fixture, image: `${fixture.host}/app:v1` });
  });
}

describe("gantry files", () => {
  it("lists paths, those below one, and all that is known of them", () =>
    withImage(async ({ gantry, image }) => {
      const paths = ["etc", "etc/motd", "link", "hard", "null", "bad\\x0aname\\xff"];
      assert.equal(printed(await gantry("files", image)), `${paths.join("\n")}\n`);
      assert.equal(printed(await gantry("files", image, "/etc/")), "etc\netc/motd\n");
      assert.deepEqual(printed(await gantry("files", "-l", image)).split("\n").slice(0, 5), [
        "drwxr-xr-t 0/0                0 1970-01-01T00:00:01Z etc",
        "-rwSr----- 7/8                6 1970-01-02T00:00:00Z etc/motd",
        "lrwxrwxrwx 0/0                0 1970-01-01T00:00:00Z link -> etc/motd",
        "hrwSr----- 7/8                0 1970-01-02T00:00:00Z hard link to etc/motd",
        "crw-rw-rw- 0/0              1,3 1970-01-01T00:00:00Z null",
      ]);
      const { files } = JSON.parse(printed(await gantry("files", "--json", image, "etc/motd")));
      assert.deepEqual(files, [{
        path: "etc/motd",
        type: "file",
        size: 6,
        mode: "4640",
        uid: 7,
        gid: 8,
        devmajor: 0,
        devminor: 0,
        layer: 0,
        mtime: "1970-01-02T00:00:00Z",
      }]);
    }));
});

describe("gantry cat", () => {
  it("prints a file, through links, and nothing else", () =>
    withImage(async ({ gantry, image }) => {
      for (const path of ["etc/motd", "/link", "hard"]) {
        assert.equal(printed(await gantry("cat", image, path)), "hello\n");
      }
      const missing = await gantry("cat", image, "gone");
      assert.deepEqual([missing.code, missing.stderr], [
        1,
        'Error: find "gone": the image has no such file\n',
      ]);
      const directory = await gantry("cat", image, "etc");
      assert.deepEqual([directory.code, directory.stderr], [1, 'Error: print "etc": it is a directory\n']);
    }));
});

describe("gantry history, du and diff", () => {
  it("tell of layers", () =>
    withImage(async ({ gantry, image }) => {
      const { history } = JSON.parse(printed(await gantry("history", "--json", image)));
      assert.deepEqual(history.map(({ layer }: { layer: unknown }) => typeof layer), ["object", "object"]);
      const table = printed(await gantry("history", image)).split("\n");
      assert.match(table[0]!, /^CREATED +LAYER +SIZE +CREATED BY$/);
      assert.equal(table.length, 4);
      const { layers, total } = JSON.parse(printed(await gantry("du", "--json", image)));
      assert.deepEqual(layers.map(({ wasted, hidden }: Record<string, number>) => [wasted, hidden]), [
        [3, 0],
        [0, 3],
      ]);
      assert.equal(total.added, 9);
      assert.match(printed(await gantry("du", image)), /^LAYER +SIZE .*\n(?:sha256:.*\n){2}total .*\n$/);
    }));

  it("tell what is different", () =>
    withImage(async ({ gantry, host, image, repository }) => {
      const other = imageOf(base, () => [file("etc/motd", "HELLO\n", { mtime: 5 })]).configure({
        user: "app",
      });
      await copy(other, repository("app"), { name: "v2" });
      const lines = printed(await gantry("diff", image, `${host}/app:v2`)).split("\n");
      assert.ok(lines.includes('+ config.User: "app"'));
      assert.ok(lines.includes("~ etc/motd: mode, owner, content, time"));
      assert.ok(lines.includes("+ gone"));
      assert.equal(printed(await gantry("diff", image, image)), "");
      const { same } = JSON.parse(printed(await gantry("diff", "--json", "--semantic", image, image)));
      assert.equal(same, true);
    }));
});
