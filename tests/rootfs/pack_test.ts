import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import type { PackOptions } from "../../src/rootfs/mod.ts";
import { packDirectory } from "../../src/rootfs/mod.ts";
import type { TarItem } from "../../src/tar/mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { startScript } from "../support/spawn.ts";
import { alike, all, entriesOf } from "../tar/tools.ts";
import { rejects } from "../../src/testing/errors.ts";

describe("packDirectory", () => {
  let directory: string;
  const at = (...parts: string[]) => join(directory, ...parts);
  const tarOf = (options?: PackOptions) => all(writeTar(packDirectory(directory, options)));
  const pathsOf = async (options?: PackOptions) => {
    const paths: string[] = [];
    for await (const { path } of packDirectory(directory, options)) paths.push(path);
    return paths;
  };
  const itemOf = async (path: string): Promise<TarItem> => {
    for await (const item of packDirectory(directory)) if (item.path === path) return item;
    throw new Error(`no ${path}`);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "gantry-pack-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("gives nothing for an empty directory", async () => assert.deepEqual(await pathsOf(), []));

  it("sorts by the bytes of paths", async () => {
    for (const name of ["b", "a-b", "é", "Z", "a.txt", "\u{1f331}", "\ufb01"]) writeFileSync(at(name), "");
    mkdirSync(at("a", "b"), { recursive: true });
    writeFileSync(at("a", "b", "c"), "");
    writeFileSync(at("a", "b.c"), "");
    const paths = await pathsOf();
    assert.deepEqual(paths, [
      "Z",
      "a-b",
      "a.txt",
      "a/",
      "a/b.c",
      "a/b/",
      "a/b/c",
      "b",
      "é",
      "\ufb01",
      "\u{1f331}",
    ]);
    assert.deepEqual([...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))), paths);
  });

  it("gives the same tar for the same tree, whenever and wherever it was made", async () => {
    const make = () => {
      mkdirSync(at("d"));
      writeFileSync(at("d", "f"), "content");
      symlinkSync("f", at("d", "l"));
    };
    make();
    const one = await tarOf();
    rmSync(directory, { recursive: true });
    directory = mkdtempSync(join(tmpdir(), "gantry-pack-other-"));
    make();
    utimesSync(at("d", "f"), 1, 2);
    lutimesSync(at("d", "l"), 3, 4);
    assert.deepEqual(await tarOf(), one);
  });

  it("records modes, owners and times: fixed, given or kept", async () => {
    writeFileSync(at("f"), "x");
    chmodSync(at("f"), 0o4751);
    utimesSync(at("f"), 1_000_000_000.75, 1_000_000_000.75);
    const facts = async (options?: PackOptions) => {
      const { mode, uid, gid, uname, mtime } = (await entriesOf(await tarOf(options)))[0]!.entry;
      return [mode, uid, gid, uname, mtime.seconds, mtime.nanoseconds];
    };
    assert.deepEqual(await facts(), [0o4751, 0, 0, "", 0, 0]);
    assert.deepEqual(await facts({ owner: { uid: 5, gid: 6 }, mtime: 7 }), [0o4751, 5, 6, "", 7, 0]);
    const [uid, gid] = [process.getuid!(), process.getgid!()];
    assert.deepEqual(await facts({ owner: "keep", mtime: "keep" }), [0o4751, uid, gid, "", 1_000_000_000, 0]);
  });

  it("records links, hard links by inode under the first name", async () => {
    writeFileSync(at("b"), "same");
    linkSync(at("b"), at("a"));
    mkdirSync(at("sub"));
    linkSync(at("b"), at("sub", "c"));
    writeFileSync(at("other"), "same");
    symlinkSync("/nowhere/é", at("link"));
    const found = (await entriesOf(await tarOf())).map((
      { entry, content },
    ) => [entry.type, entry.path, entry.linkname, new TextDecoder().decode(content)]);
    assert.deepEqual(found, [
      ["file", "a", "", "same"],
      ["hardlink", "b", "a", ""],
      ["symlink", "link", "/nowhere/é", ""],
      ["file", "other", "", "same"],
      ["directory", "sub/", "", ""],
      ["hardlink", "sub/c", "a", ""],
    ]);
  });

  it("records FIFOs and devices, without opening them", async () => {
    run("mkfifo", at("p"));
    const devices = process.getuid!() === 0 && spawnSync("mknod", [at("c"), "c", "1", "3"]).status === 0;
    if (devices) run("mknod", at("b"), "b", "259", "70000");
    const found = (await entriesOf(await tarOf())).map((
      { entry },
    ) => [entry.path, entry.type, entry.devmajor, entry.devminor]);
    assert.deepEqual(found, [
      ...devices ? [["b", "block-device", 259, 70000], ["c", "character-device", 1, 3]] : [],
      ["p", "fifo", 0, 0],
    ]);
  });

  it("skips sockets and says why", async () => {
    writeFileSync(at("f"), "");
    const server = createServer();
    await new Promise<void>((done) => server.listen(at("s"), done));
    const skipped: [string, string][] = [];
    try {
      assert.deepEqual(await pathsOf({ onSkip: (...what) => skipped.push(what) }), ["f"]);
    } finally {
      await new Promise((done) => server.close(done));
    }
    assert.deepEqual(skipped, [["s", "a socket means nothing in a tar"]]);
  });

  it("streams content piece by piece, opening files only when they are read", async () => {
    writeFileSync(at("f"), new Uint8Array(200_000).fill(7));
    const { readable } = await itemOf("f");
    rmSync(at("f"));
    await rejects(all(readable as never), "not-found", /"f"|f": not there/);

    writeFileSync(at("g"), new Uint8Array(200_000).fill(7));
    const reader = (await itemOf("g")).readable!.getReader();
    const lengths: number[] = [];
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      lengths.push(read.value.length);
    }
    assert.deepEqual(lengths, [65536, 65536, 65536, 3392]);
  });

  it("can be left in the middle of a file", async () => {
    writeFileSync(at("f"), new Uint8Array(200_000));
    const reader = (await itemOf("f")).readable!.getReader();
    await reader.read();
    await reader.cancel();
    await (await itemOf("f")).readable!.cancel();
  });

  describe("refuses a file that changes meanwhile:", () => {
    const changes: Record<string, [change: () => void, message: RegExp]> = {
      "shorter": [() => truncateSync(at("f"), 100), /100 bytes, 100000 expected/],
      "empty": [() => truncateSync(at("f"), 0), /0 bytes, 100000 expected/],
      "longer": [() => appendFileSync(at("f"), "x"), /more than 100000 bytes/],
      "replaced by another": [() => {
        writeFileSync(at("g"), new Uint8Array(100_000));
        renameSync(at("g"), at("f"));
      }, /another one took its place/],
      "replaced by a FIFO": [() => {
        run("mkfifo", at("g"));
        renameSync(at("g"), at("f"));
      }, /another one took its place/],
    };
    for (const [what, [change, message]] of Object.entries(changes)) {
      it(what, async () => {
        writeFileSync(at("f"), new Uint8Array(100_000));
        const item = await itemOf("f");
        change();
        await rejects(all(item.readable as never), "conflict", message);
      });
    }

    it("replaced by a link, which is not followed", async () => {
      writeFileSync(at("f"), "harmless");
      const item = await itemOf("f");
      rmSync(at("f"));
      symlinkSync("/etc/hostname", at("f"));
      await rejects(all(item.readable as never), "storage", /f"/);
    });

    it("while it is being read", async () => {
      writeFileSync(at("f"), new Uint8Array(200_000));
      const reader = (await itemOf("f")).readable!.getReader();
      await reader.read();
      truncateSync(at("f"), 70_000);
      await rejects(
        (async () => {
          while (!(await reader.read()).done);
        })(),
        "conflict",
        /70000 bytes, 200000 expected/,
      );
    });
  });

  it("refuses what is not a directory", async () => {
    await rejects(pathsOfAt(at("nowhere")), "not-found", /pack ".*nowhere": not there/);
    writeFileSync(at("f"), "");
    await rejects(pathsOfAt(at("f")), "not-found", /f": not a directory/);
  });

  it("says when a directory in it goes away", async () => {
    mkdirSync(at("d"));
    const packing = packDirectory(directory);
    await packing.next();
    rmSync(at("d"), { recursive: true });
    await rejects(packing.next().then(() => {}), "not-found", /d": not there/);
  });

  it("ends with its signal", async () => {
    writeFileSync(at("f"), "");
    await assert.rejects(pathsOf({ signal: AbortSignal.abort(new Error("enough")) }), { message: "enough" });
  });

  it("F13 packs names that are not UTF-8, or refuses where the runtime cannot", async () => {
    run("sh", "-c", 'touch "$0/$(printf "f\\374r")"', directory);
    if ("Deno" in globalThis) await rejects(pathsOf(), "unsupported", /not UTF-8/);
    else {
      assert.deepEqual(await pathsOf(), ["f\udcfcr"]);
      assert.deepEqual(
        (await entriesOf(await tarOf()))[0]!.entry.pathBytes,
        new Uint8Array([0x66, 0xfc, 0x72]),
      );
    }
  });

  it("F14 keeps names apart that other systems take for the same, and changes none", async () => {
    for (const name of alike) writeFileSync(at(name), name);
    const entries = await entriesOf(await tarOf());
    assert.deepEqual(entries.map(({ entry }) => entry.path), alike);
    for (const { entry, content } of entries) {
      assert.deepEqual(Buffer.from(entry.pathBytes), Buffer.from(entry.path));
      assert.equal(new TextDecoder().decode(content), entry.path);
    }
  });

  describe("F16 packs nothing from outside when another process puts a link in place of", () => {
    /** A directory outside that has the same names in it. */
    let outside: string;
    beforeEach(() => {
      outside = mkdtempSync(join(tmpdir(), "gantry-outside-"));
      for (const top of [outside, at("a")]) {
        mkdirSync(join(top, "b"), { recursive: true });
        for (const name of ["f", "b/f"]) {
          writeFileSync(join(top, name), top === outside ? "secret" : "inside");
        }
        symlinkSync(top === outside ? "secret" : "inside", join(top, "b", "l"));
      }
    });
    afterEach(() => rmSync(outside, { recursive: true }));

    /** Packs until the item of that path comes, then makes the swap, and goes on. */
    const packSwapping = async (path: string, swap: () => void, place = directory, seen: string[] = []) => {
      for await (const item of packDirectory(place)) {
        seen.push(item.path, item.linkname ?? "");
        if (item.path === path) swap();
        if (item.readable) seen.push(new TextDecoder().decode(await all(item.readable as never)));
      }
    };
    const swap = (path: string, target: string) => {
      renameSync(at(path), at("away"));
      symlinkSync(target, at(path));
    };
    const swaps: Record<string, [when: string, what: string, to: string]> = {
      "a directory": ["a/", "a", "."],
      "a directory further down": ["a/b/", "a/b", "b"],
      "a directory above": ["a/b/", "a", "."],
      "a directory above a file": ["a/f", "a", "."],
      "a file": ["a/f", "a/f", "f"],
    };
    for (const [what, [when, path, to]] of Object.entries(swaps)) {
      it(what, () =>
        assert.rejects(
          packSwapping(when, () => swap(path, join(outside, to))),
          (error) => GantryError.is(error, "conflict", "storage") && error.message.startsWith('pack "'),
        ));
    }

    it("the directory itself", () =>
      assert.rejects(
        packSwapping("b/", () => swap("a", outside), at("a")),
        (error) => GantryError.is(error, "conflict"),
      ));

    it("what is above the directory itself", () =>
      assert.rejects(
        packSwapping("f", () => swap("a", outside), at("a", "b")),
        (error) => GantryError.is(error, "conflict"),
      ));

    it("a directory and takes it away again, all the time", async () => {
      writeFileSync(join(outside, "secret"), "secret");
      const link = join(outside, "..", `${basename(outside)}-link`);
      symlinkSync(outside, link);
      const { child, ended } = startScript(new URL("./swap_child.ts", import.meta.url), [at("a"), link]);
      await once(child.stdout!, "data");
      const seen: string[] = [];
      for (let i = 0; i < 1000; i++) {
        await packSwapping("", () => {}, directory, seen).catch((error) =>
          assert.ok(GantryError.is(error, "conflict", "storage", "not-found"), String(error))
        );
      }
      child.kill("SIGKILL");
      await ended;
      for (const path of [link, `${link}-away`]) rmSync(path, { recursive: true, force: true });
      assert.ok(seen.includes("inside"), "it was never packed");
      assert.ok(!seen.some((text) => text.includes("secret")), "something from outside was packed");
    });
  });

  it("makes what GNU tar makes", async () => {
    mkdirSync(at("d", "e"), { recursive: true });
    for (const [name, content] of Object.entries({ "a": "", "d/f": "content", "d/e/g": "x".repeat(5000) })) {
      writeFileSync(at(name), content);
    }
    symlinkSync("d/f", at("link"));
    chmodSync(at("d"), 0o750);
    const options = [
      "--sort=name",
      "--owner=:0",
      "--group=:0",
      "--mtime=@0",
      "--format=ustar",
      "-b",
      "2",
      "-C",
      directory,
    ];
    const { stdout, status } = spawnSync("tar", ["-c", ...options, "a", "d", "link"]);
    assert.equal(status, 0);
    const facts = async (tar: Uint8Array) =>
      (await entriesOf(tar)).map((
        { entry: { type, path, mode, uid, gid, mtime, linkname }, content },
      ) => [type, path, mode, uid, gid, mtime, linkname, content]);
    assert.deepEqual(await facts(await tarOf()), await facts(stdout));
  });

  async function pathsOfAt(path: string): Promise<void> {
    for await (const _ of packDirectory(path));
  }
});

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args);
  if (error) throw error;
  assert.equal(status, 0, command);
}
