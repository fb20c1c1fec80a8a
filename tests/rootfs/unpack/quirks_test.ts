/** What layers say that must not be taken at its word: rows of docs/quirks.md, each amid canaries. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type Bytes, concat, streamOf, utf8 } from "../../../src/bytes.ts";
import { memory } from "../../../src/content/mod.ts";
import { digestBytes } from "../../../src/digest/mod.ts";
import { layer, openImage } from "../../../src/image/mod.ts";
import { unpack, type UnpackLimits } from "../../../src/rootfs/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";
import type { TarItem } from "../../../src/tar/mod.ts";
import { encodeName } from "../../../src/tar/mod.ts";
import { fixture, haveFixtures, needsFixtures } from "../../support/fixtures.ts";
import { rejects } from "../../../src/testing/errors.ts";
import { alike, end, file, pax, raw } from "../../tar/tools.ts";
import { amidCanaries, layerOf, see, type Surroundings } from "./support.ts";

const isRoot = process.getuid?.() === 0;
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const directory = (path: string, mode?: number): TarItem => ({ type: "directory", path, options: { mode } });
const symlink = (path: string, linkname: string): TarItem => ({ type: "symlink", path, linkname });
const hardlink = (path: string, linkname: string): TarItem => ({ type: "hardlink", path, linkname });
const whiteout = (path: string): TarItem => file(path, "");

/** Layers, and what is there afterwards by path: content, `/` for a directory, `->` and its target for a link. */
interface Row {
  layers: (outer: string) => (readonly TarItem[] | Uint8Array)[];
  there?: (outer: string) => Record<string, string>;
  /** Or the words of the refusal. */
  refused?: RegExp;
}

const inside = (outer: string, path: string) => `${outer.slice(1)}/${path}`;
/** Directories above a path, which come with it. */
function above(path: string): Record<string, string> {
  const parts = path.split("/");
  return Object.fromEntries(parts.slice(1).map((_, i) => [parts.slice(0, i + 1).join("/"), "/"]));
}

const rows: Record<string, Row> = {
  "F1 names that lead up, absolute ones, and those of other systems stay inside": {
    layers:
      () => [["../x", "a/../../y", "/z", "./w", "C:\\x", "..\\v", "//u"].map((path) => file(path, path))],
    there: () => ({
      x: "../x",
      y: "a/../../y",
      z: "/z",
      w: "./w",
      "C:\\x": "C:\\x",
      "..\\v": "..\\v",
      u: "//u",
    }),
  },
  "F1 the root stays a directory under a link of its name": {
    layers: () => [[symlink("/", "/etc"), symlink("./", "../victim"), directory("./"), file("f", "1")]],
    there: () => ({ f: "1" }),
  },
  "F1 a file is not the root": { layers: () => [[file(".", "x")]], refused: /in place of the root/ },
  "F1 a FIFO is not the root": {
    layers: () => [[{ type: "fifo", path: "/" }]],
    refused: /in place of the root/,
  },
  "F2 a link to a directory outside is followed inside": {
    layers: (outer) => [[symlink("l", `${outer}/victim`), file("l/hello", "mine")]],
    there: (outer) => ({
      l: `-> ${outer}/victim`,
      ...above(inside(outer, "victim/hello")),
      [inside(outer, "victim/hello")]: "mine",
    }),
  },
  "F2 relative links in chains are followed inside": {
    layers:
      () => [[symlink("l", "../../victim"), symlink("k", "l/.."), file("k/a", "1"), file("l/hello", "2")]],
    there: () => ({ l: "-> ../../victim", k: "-> l/..", a: "1", victim: "/", "victim/hello": "2" }),
  },
  "F3 links of a lower layer are followed inside by all that comes": {
    layers: () => [
      [symlink("l", "../../victim"), file("victim/old", "old"), file("kept", "kept")],
      [file("l/new", "new"), hardlink("l/again", "kept"), whiteout("l/.wh.old"), directory("l/d", 0o700)],
    ],
    there: () => ({
      l: "-> ../../victim",
      victim: "/",
      "victim/new": "new",
      "victim/again": "kept",
      "victim/d": "/",
      kept: "kept",
    }),
  },
  "F4 a file takes the place of a link": {
    layers: (outer) => [[symlink("l", `${outer}/victim/hello`)], [file("l", "mine")]],
    there: () => ({ l: "mine" }),
  },
  "F5 absolute links stay as they are": {
    layers: () => [[directory("usr/bin"), symlink("bin", "/usr/bin"), file("bin/sh", "sh")]],
    there: () => ({ usr: "/", "usr/bin": "/", bin: "-> /usr/bin", "usr/bin/sh": "sh" }),
  },
  "F6 a directory takes the place of a link, and of a file": {
    layers: (outer) => [[symlink("l", `${outer}/victim`), file("f", "")], [directory("l"), file("f/g", "1")]],
    there: () => ({ l: "/", f: "/", "f/g": "1" }),
  },
  "F7 hard links lead to what is inside": {
    layers: () => [[
      file("etc/passwd", "inside"),
      hardlink("a", "/etc/passwd"),
      hardlink("b", "../../../etc/passwd"),
      symlink("l", "../../etc"),
      hardlink("c", "l/passwd"),
      hardlink("c", "c"),
    ]],
    there: () => ({
      etc: "/",
      "etc/passwd": "inside",
      a: "inside",
      b: "inside",
      c: "inside",
      l: "-> ../../etc",
    }),
  },
  "F7 a hard link to a link is a link, and leads nowhere": {
    layers: (outer) => [[symlink("l", `${outer}/victim/hello`), hardlink("k", "l"), directory("d", 0o777)]],
    there: (outer) => ({ l: `-> ${outer}/victim/hello`, k: `-> ${outer}/victim/hello`, d: "/" }),
  },
  "F7 a hard link to what is only outside is refused": {
    layers: (outer) => [[hardlink("k", `${outer}/victim/hello`)]],
    refused: /which is not there/,
  },
  "F7 a hard link to a directory is refused": {
    layers: () => [[directory("d"), hardlink("k", "d")]],
    refused: /which is a directory/,
  },
  "F8 whiteouts without a name are refused": { layers: () => [[whiteout("a/.wh.")]], refused: /whiteout/ },
  "F8 whiteouts of . are refused": { layers: () => [[whiteout("a/.wh..")]], refused: /whiteout/ },
  "F8 whiteouts of .. are refused": { layers: () => [[whiteout("a/.wh...")]], refused: /whiteout/ },
  "F8 whiteouts take away what is below, and not what is beside them": {
    layers: () => [
      [file("a", "old"), file("b", "old"), file("d/e/f", "old"), symlink("l", "d")],
      [file("a", "new"), whiteout(".wh.a"), whiteout(".wh.b"), whiteout("l/.wh.e"), whiteout(".wh.none")],
    ],
    there: () => ({ a: "new", d: "/", l: "-> d" }),
  },
  "F8 records of aufs are left out": {
    layers: () => [[whiteout(".wh..wh.plnk"), file(".wh..wh.orph/x", "x"), file("a", "1")]],
    there: () => ({ ".wh..wh.orph": "/", ".wh..wh.orph/x": "x", a: "1" }),
  },
  "F9 an opaque directory loses what is below it, wherever it says so": {
    layers: () => [
      [file("d/old", ""), file("d/both", "old"), file("e/f", "")],
      [file("d/new", "1"), file("d/both", "2"), whiteout("d/.wh..wh..opq"), whiteout("none/.wh..wh..opq")],
    ],
    there: () => ({ d: "/", "d/new": "1", "d/both": "2", e: "/", "e/f": "" }),
  },
  "F9 an opaque root": {
    layers: () => [[file("old", "")], [file("new", ""), whiteout(".wh..wh..opq")]],
    there: () => ({ new: "" }),
  },
  "F15 the last of a name counts, whatever it was before": {
    layers: () => [[
      file("a", "1"),
      file("a", "2"),
      file("b", ""),
      file("b/c", "3"),
      directory("d"),
      file("d", "4"),
      symlink("e", "d"),
      directory("e"),
    ]],
    there: () => ({ a: "2", b: "/", "b/c": "3", d: "4", e: "/" }),
  },
  "F17 the size of PAX holds": {
    layers: () => [
      concat([pax({ size: "5" }), raw({ name: "a", size: 0 }, "12345"), raw({ name: "b" }, "6"), end]),
    ],
    there: () => ({ a: "12345", b: "6" }),
  },
  "F20 a huge size is refused": {
    layers:
      () => [concat([raw({ name: "a", size: Uint8Array.of(0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }), end])],
    refused: /size/,
  },
  "F22 a tar that ends early is refused": {
    layers: () => [raw({ name: "a", size: 4096 }, "12345")],
    refused: /ends inside/,
  },
  "F22 a tar without an end is whole": { layers: () => [raw({ name: "a" }, "1")], there: () => ({ a: "1" }) },
  "F23 links and directories have no content": {
    layers: () => [concat([
      raw({ name: "l", flag: "2", linkname: "x", size: 512 }),
      raw({ name: "d/", flag: "5", size: 99 }),
      raw({ name: "a" }, "1"),
      end,
    ])],
    there: () => ({ l: "-> x", d: "/", a: "1" }),
  },
};

describe("layers that are not to be taken at their word", () => {
  for (const [name, { layers, there, refused }] of Object.entries(rows)) {
    it(name, () =>
      amidCanaries(async ({ root, outer, unpack }) => {
        const work = unpack(layers(outer).map(layerOf));
        if (refused) {
          await rejects(work, "invalid-archive", refused);
          return assert.ok(!existsSync(root));
        }
        assert.deepEqual((await work).skipped, []);
        const seen = [...see(root)].filter(([path]) => path !== ".").map(([path, { type, content }]) => [
          path,
          type === "directory" ? "/" : type === "symlink" ? `-> ${content}` : content,
        ]);
        assert.deepEqual(Object.fromEntries(seen), there!(outer));
      }));
  }
});

describe("unpack", () => {
  const safely = (name: string, work: (surroundings: Surroundings) => Promise<void>) =>
    it(name, () => amidCanaries(work));

  safely("F10 leaves attributes alone that are the host's, and names them", async ({ root, unpack }) => {
    const names = ["security.selinux", "trusted.overlay.opaque", "user.mine", "security.capability"];
    const capability = "\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const records: [string, string][] = names.map((name) => [
      `SCHILY.xattr.${name}`,
      name.endsWith("capability") ? capability : "v",
    ]);
    const { skipped } = await unpack([layerOf(concat([pax(records), raw({ name: "a" }, "1"), end]))]);
    const told = skipped.map(({ path, reason }) => `${path} ${reason.split(":")[0]}`).sort();
    const both = ["a extended attribute security.selinux", "a extended attribute trusted.overlay.opaque"];
    if (!has("setfattr")) return assert.equal(told.length, 4);
    const list = spawnSync("getfattr", ["-d", "-m", "-", "--absolute-names", join(root, "a")], {
      encoding: "utf8",
    });
    assert.match(list.stdout, /user\.mine="v"/);
    assert.doesNotMatch(list.stdout, /overlay|selinux="?v/);
    if (!isRoot) return;
    assert.deepEqual(told, both);
    assert.match(list.stdout, /security\.capability=0sAQAAAgAEAAAAAAAAAAAAAAAAAAA=/);
  });

  safely("F11 makes FIFOs and devices, or names those that it cannot make", async ({ root, unpack }) => {
    const device = {
      type: "character-device",
      path: "dev/null",
      options: { devmajor: 1, devminor: 3, mode: 0o666 },
    };
    const fifos: TarItem[] = ["p", "q"].map((path) => ({ type: "fifo", path, options: { mode: 0o640 } }));
    const items = [...fifos, hardlink("dev/pipe", "p"), device as TarItem];
    const { skipped } = await unpack([layerOf(items), layerOf([file("q", "a file")])]);
    const seen = see(root);
    assert.deepEqual([seen.get("p")!.type, seen.get("p")!.mode], ["fifo", 0o640]);
    assert.equal(seen.get("dev/pipe")!.ino, seen.get("p")!.ino);
    assert.equal(seen.get("q")!.content, "a file");
    if (seen.has("dev/null")) {
      const { type, mode } = seen.get("dev/null")!;
      assert.deepEqual([type, mode, skipped], ["device", 0o666, []]);
      assert.equal(lstatSync(join(root, "dev/null")).rdev, 0x103);
    } else {
      assert.deepEqual(skipped.map(({ path }) => path), ["dev/null"]);
      assert.match(skipped[0]!.reason, /^character device 1:3: ./);
    }
  });

  safely("F12 keeps owners and what runs as them, or records both", async ({ root, unpack }) => {
    const items = () => [file("su", "x", { mode: 0o4755, uid: 7, gid: 3_000_000_000 }), file("mine", "x")];
    if (isRoot) {
      await unpack([layerOf(items())], { owners: "keep" });
      const { mode, uid, gid } = see(root).get("su")!;
      assert.deepEqual([mode, uid, gid], [0o4755, 7, 3_000_000_000]);
      rmSync(root, { recursive: true });
    }
    await unpack([layerOf(items())], { owners: "record" });
    const { mode, uid } = see(root).get("su")!;
    assert.deepEqual([mode, uid], [0o755, process.getuid!()]);
    const recorded = JSON.parse(readFileSync(`${root}.owners.json`, "utf8")) as Record<string, unknown>;
    assert.deepEqual(recorded["su"], { uid: 7, gid: 3_000_000_000, mode: 0o4755 });
    assert.equal(recorded["mine"], undefined);
  });

  safely("F12 maps owners, and refuses those that have no number on the host", async ({ root, unpack }) => {
    const layers = (uid: number) => [layerOf([file("a", "", { uid })])];
    const mapping = [{ container: 0, host: 1000, size: 10 }];
    const owners = { uids: mapping, gids: mapping };
    await rejects(unpack(layers(10), { owners }), "unsupported", /owner 10 is in none/);
    const negative = layerOf(concat([pax({ uid: "-1" }), raw({ name: "a" }), end]));
    await rejects(unpack([negative], { owners: "keep" }), "invalid-archive", /-1 is no number/);
    if (!isRoot) return;
    await unpack(layers(9), { owners });
    assert.equal(see(root).get("a")!.uid, 1009);
    assert.equal(see(root).get(".")!.uid, 1000);
  });

  safely("F13 keeps names byte for byte, or refuses where it cannot", async ({ root, unpack }) => {
    await unpack([
      layerOf([file("a\nb", "1"), file("\u202etxt", "2"), file(" ", "3"), file("x".repeat(255), "4")]),
    ]);
    assert.deepEqual(readdirSync(root).sort(), [" ", "a\nb", "x".repeat(255), "\u202etxt"]);
    rmSync(root, { recursive: true });
    const latin1 = layerOf([file("f\udcfcr", "5"), symlink("l", "\udcff")]);
    if ("Deno" in globalThis) return await rejects(unpack([latin1]), "unsupported", /not UTF-8/);
    await unpack([latin1]);
    assert.deepEqual(readdirSync(root, "latin1" as "utf8").sort(), ["f\xfcr", "l"]);
    assert.deepEqual([...readlinkSync(join(root, "l"), "buffer")], [...encodeName("\udcff")]);
  });

  safely("F13 refuses names that no disk has", async ({ root, unpack }) => {
    const names = ["x".repeat(256), "é".repeat(128), "x/".repeat(257), `${"x".repeat(255)}/`.repeat(17)];
    for (const name of names) await rejects(unpack([layerOf([file(name, "")])]), "too-large", /^unpack "/);
    await rejects(unpack([layerOf([symlink("l", "x/".repeat(3000))])]), "too-large", /4095/);
    const long = Array.from({ length: 9 }, (_, i) => symlink(`${"l/".repeat(i)}l`, "x/".repeat(40)));
    await rejects(unpack([layerOf([...long, file(`${"l/".repeat(9)}f`, "")])]), "too-large", /names|bytes/);
    assert.ok(!existsSync(root));
  });

  safely("F14 keeps names apart that only look alike", async ({ root, unpack }) => {
    await unpack([layerOf(alike.map((name) => file(name, name)))]);
    for (const name of alike) assert.equal(readFileSync(join(root, name), "utf8"), name);
  });

  safely(
    "F15 makes directories that no entry tells of, and gives others their facts in the end",
    async ({ root, unpack }) => {
      await unpack([
        layerOf([file("a/b/f", ""), directory("r", 0o555), file("r/f", ""), directory("a", 0o700)]),
      ]);
      const seen = see(root);
      const modes = ["a", "a/b", "r"].map((path) => seen.get(path)!.mode);
      assert.deepEqual(modes, [0o700, 0o755, 0o555]);
      assert.equal(seen.get("a/b")!.mtime, 0n);
    },
  );

  safely("F18 gives the records of one entry to no other", async ({ root, unpack }) => {
    const tar = concat([pax({ path: "named" }), raw({ name: "a" }, "1"), raw({ name: "b" }, "2"), end]);
    await unpack([layerOf(tar)]);
    assert.deepEqual(readdirSync(root).sort(), ["b", "named"]);
  });

  safely("F19 refuses broken records", async ({ unpack }) => {
    for (const body of ["9 a=b\n", "6 a=b", "x a=b\n", "12 path=a\0b\n"]) {
      const tar = concat([raw({ name: "x", flag: "x" }, body), raw({ name: "a" }), end]);
      await rejects(unpack([layerOf(tar)]), "invalid-archive");
    }
  });

  const limits: Record<string, [UnpackLimits, TarItem[]]> = {
    "entries": [{ entries: 2 }, ["a", "b", "c"].map((path) => file(path, ""))],
    "bytes of one file": [{ file: 2 }, [file("a", "123")]],
    "bytes in all": [{ bytes: 4 }, [file("a", "123"), file("b", "45")]],
    "bytes of a path": [{ path: 3 }, [file("a/bc", "")]],
    "names in a path": [{ depth: 2 }, [file("a/b/c", "")]],
    "bytes of a header": [{ header: 512 }, [file("x/".repeat(400), "")]],
  };
  for (const [what, [limit, items]] of Object.entries(limits)) {
    safely(`F24 refuses more ${what} than allowed`, async ({ root, unpack }) => {
      await rejects(unpack([layerOf(items)], { limits: limit }), "too-large");
      assert.ok(!existsSync(root));
    });
  }

  safely("F24 refuses what grows out of proportion", async ({ root, unpack }) => {
    const bomb = gzipSync(concat([raw({ name: "a" }, new Uint8Array(24_000_000)), end]));
    const packed = layer(bomb as Bytes, { compression: "none" });
    await rejects(unpack([packed], { limits: { ratio: 10 } }), "too-large", /10 times its compressed size/);
    assert.ok(!existsSync(root));
  });

  safely("F21 keeps the holes of sparse files, and refuses maps that lie", async ({ root, unpack }) => {
    const map = "2\n0\n3\n100000\n2\n";
    const sparse = (map: string) =>
      concat([
        pax({
          "GNU.sparse.major": "1",
          "GNU.sparse.minor": "0",
          "GNU.sparse.realsize": "200000",
          "GNU.sparse.name": "s",
        }),
        raw({ name: "GNUSparseFile.0/s", size: 517 }, concat([utf8(map.padEnd(512, "\0")), utf8("abcde")])),
        end,
      ]);
    await unpack([layerOf(sparse(map))]);
    const bytes = readFileSync(join(root, "s"));
    assert.deepEqual([bytes.length, bytes.indexOf("abc"), bytes.indexOf("de")], [200_000, 0, 100_000]);
    assert.ok(lstatSync(join(root, "s")).blocks * 512 < 100_000);
    rmSync(root, { recursive: true });
    for (const map of ["2\n0\n3\n1\n2\n", "1\n300000\n5\n"]) {
      await rejects(unpack([layerOf(sparse(map))]), "invalid-archive");
    }
  });

  safely("F25 F27 takes members, and whatever the media type hides", async ({ root, unpack }) => {
    const tar = concat([raw({ name: "a" }, "1".repeat(2000)), end]);
    const members = concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
    await unpack([layer(members, { compression: "none" })]);
    assert.equal(readFileSync(join(root, "a"), "utf8").length, 2000);
    rmSync(root, { recursive: true });
    await rejects(unpack([layer(members.subarray(0, -9), { compression: "none" })]), "invalid-archive");
    assert.ok(!existsSync(root));
  });

  it("F28 refuses images whose layers are not what the config says", () =>
    amidCanaries(async ({ root }) => {
      const tar = concat([raw({ name: "a" }, "1"), end]);
      const [right, wrong] = [await digestBytes(tar), await digestBytes(utf8("other"))];
      const cases: [unknown, RegExp][] = [
        [{ diff_ids: [right, right] }, /2 diffIDs for 1 layers/],
        [{ diff_ids: [] }, /0 diffIDs for 1 layers/],
        [{ diff_ids: [wrong] }, new RegExp(`${right}.*|${wrong}`)],
      ];
      for (const [rootfs, words] of cases) {
        await assert.rejects(
          unpack(await imageOf(tar, { type: "layers", ...rootfs as object }), root),
          words,
        );
        assert.ok(!existsSync(root));
      }
    }));

  it(
    "refuses a hostile layer of the fixtures, or keeps it inside",
    needsFixtures,
    () =>
      amidCanaries(async ({ root, unpack }) => {
        const mark = "/tmp/escape";
        const before = existsSync(mark);
        await unpack([layerOf(readFileSync(fixture("layers/scalibr-escape.tar")))]);
        assert.ok(lstatSync(root).isDirectory());
        assert.equal(existsSync(mark), before);
      }),
  );

  it(
    "F24 refuses the bomb of the fixtures",
    { skip: !haveFixtures },
    () =>
      amidCanaries(async ({ unpack }) => {
        const bomb = readFileSync(fixture("layers/notation-large_file_tarGz.tar.gz"));
        const work = unpack([layer(new Uint8Array(bomb), { compression: "none" })], {
          limits: { bytes: 1e8 },
        });
        await rejects(work, "too-large");
      }),
  );

  safely("refuses what is there already", async ({ root, unpack, outer }) => {
    const layers = [layerOf([file("a", "")])];
    await unpack(layers);
    await rejects(unpack(layers), "conflict", /directory not empty/);
    rmSync(root, { recursive: true });
    writeFileSync(root, "a file");
    await rejects(unpack(layers), "conflict", /not a directory/);
    assert.equal(readFileSync(root, "utf8"), "a file");
    assert.ok(existsSync(outer));
  });
});

async function imageOf(tar: Bytes, rootfs: unknown) {
  const store = memory();
  const write = async (bytes: Bytes, mediaType: string) => {
    const open = () => Promise.resolve(streamOf(bytes));
    return (await store.write({ mediaType, replayable: true, open })).descriptor;
  };
  const config = await write(
    utf8(JSON.stringify({ os: "linux", architecture: "amd64", rootfs })),
    mediaTypes.ociConfig,
  );
  const layers = [await write(tar, mediaTypes.ociLayer)];
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
  return openImage(store, (await write(utf8(JSON.stringify(manifest)), mediaTypes.ociManifest)).digest);
}
