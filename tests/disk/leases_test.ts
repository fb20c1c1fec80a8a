import assert from "node:assert/strict";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { namesIn } from "../../src/disk/directory.ts";
import { GantryDirectory } from "../../src/disk/gantry_directory.ts";
import { Leases } from "../../src/disk/leases.ts";
import { thisOwner } from "../../src/disk/process_identity.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { start } from "../layout/support.ts";
import { collect } from "../../src/testing/collect.ts";
import { inDirectory } from "../support/directory.ts";
import { rejects } from "../../src/testing/errors.ts";

const digest = (n: number): Digest => `sha256:${String(n).repeat(64)}`;

function leasesIn(directory: string): Leases {
  return new Leases(new GantryDirectory(directory));
}

const ids = async (leases: Leases) => (await collect(leases.list())).map(({ id }) => id);
const soon = () => new Date(Date.now() + 60_000);

describe("a lease on a disk", () => {
  it("keeps what is noted while it is held, for everybody", () =>
    inDirectory(async (directory) => {
      const leases = leasesIn(directory);
      const [one, two] = [await leases.take(), await leases.take({ id: "two" })];
      await leases.note(digest(1));
      await one[Symbol.asyncDispose]();
      await leases.note(digest(2));
      assert.deepEqual(await leasesIn(directory).noted(), new Set([digest(1), digest(2)]));
      await two[Symbol.asyncDispose]();
      await two[Symbol.asyncDispose]();
      assert.deepEqual(await leasesIn(directory).noted(), new Set());
      assert.deepEqual(await namesIn(join(directory, "leases")), []);
    }));

  it("is listed from the start, and ended by whoever finds it", () =>
    inDirectory(async (directory) => {
      const leases = leasesIn(directory);
      const expires = soon();
      const unnamed = await leases.take();
      await leases.take({ id: "job-1", expires });
      assert.deepEqual((await ids(leases)).sort(), [unnamed.id, "job-1"].sort());
      const [found] = await collect(leasesIn(directory).list());
      assert.equal(found!.id, "job-1");
      assert.deepEqual(found!.expires, expires);
      await found![Symbol.asyncDispose]();
      assert.deepEqual(await ids(leasesIn(directory)), []);
    }));

  it("ends when it expires, and not before", () =>
    inDirectory(async (directory) => {
      const leases = leasesIn(directory);
      await leases.take({ id: "short", expires: new Date(Date.now() + 800) });
      await leases.note(digest(1));
      assert.equal((await leases.noted()).size, 1);
      await new Promise((resolve) => setTimeout(resolve, 850));
      assert.equal((await leases.noted()).size, 0);
      await leasesIn(directory).sweep();
      assert.deepEqual(await namesIn(join(directory, "leases")), []);
    }));

  it("outlives its process with an expiry, and dies with it without", () =>
    inDirectory(async (directory) => {
      for (const [id, expires, kept] of [["lasting", "60000", 1], ["bound", "0", 0]] as const) {
        const child = start("../disk/leases_child.ts", directory, id, expires);
        await child.lines(1);
        if (id === "bound") await rejects(leasesIn(directory).take({ id }), "conflict", /another process/);
        await child.kill();
        assert.equal((await leasesIn(directory).noted()).size, kept, id);
        const leases = leasesIn(directory);
        await leases.sweep();
        const again = await leases.take({ id, expires: soon() });
        assert.equal((await leasesIn(directory).noted()).size, kept, `${id} taken over`);
        await again[Symbol.asyncDispose]();
      }
    }));

  it("keeps what is noted after a kill cut its last line short", () =>
    inDirectory(async (directory) => {
      const first = leasesIn(directory);
      await first.take({ id: "cut", expires: soon() });
      await first.note(digest(1));
      await appendFile(join(directory, "leases", "cut"), digest(2).slice(0, 20));
      const second = leasesIn(directory);
      await second.take({ id: "cut", expires: soon() });
      await second.note(digest(3));
      assert.deepEqual(await second.noted(), new Set([digest(1), digest(3)]));
    }));

  it("is extended by taking it over with a later expiry", () =>
    inDirectory(async (directory) => {
      await leasesIn(directory).take({ id: "longer", expires: new Date(Date.now() + 50) });
      const expires = soon();
      await leasesIn(directory).take({ id: "longer", expires });
      await new Promise((resolve) => setTimeout(resolve, 80));
      assert.deepEqual((await collect(leasesIn(directory).list()))[0]?.expires, expires);
    }));

  it("holds as long as any of its owners lives", () =>
    inDirectory(async (directory) => {
      const leases = leasesIn(directory);
      await leases.take({ id: "two-owners" });
      await leases.note(digest(1));
      const gone = { ...await thisOwner(), pid: 2 ** 22 + 1 };
      await appendFile(join(directory, "leases", "two-owners"), `${JSON.stringify(gone)}\n`);
      assert.equal((await leases.noted()).size, 1);
    }));

  it("is listed no longer once it has expired or another has ended it, by its holder either", () =>
    inDirectory(async (directory) => {
      const leases = leasesIn(directory);
      await leases.take({ id: "short", expires: new Date(Date.now() + 50) });
      await leases.take({ id: "ended" });
      await leases.take({ id: "kept" });
      const others = await collect(leasesIn(directory).list());
      await others.find(({ id }) => id === "ended")![Symbol.asyncDispose]();
      await new Promise((resolve) => setTimeout(resolve, 80));
      assert.deepEqual(await ids(leases), ["kept"]);
    }));

  it("is not taken twice by one holder, but extended", () =>
    inDirectory(async (directory) => {
      const leases = leasesIn(directory);
      await leases.take({ id: "job" });
      await rejects(leases.take({ id: "job" }), "conflict", /held already/);
      await leases.take({ id: "job", expires: soon() });
      await leases.take({ id: "short", expires: new Date(Date.now() + 50) });
      await new Promise((resolve) => setTimeout(resolve, 80));
      await leases.take({ id: "short" }); // its end has come
    }));

  it("is not to be had by a name that is none", () =>
    inDirectory(async (directory) => {
      for (const id of ["", ".", "..", "a/b", "ä", "x".repeat(129)]) {
        await rejects(leasesIn(directory).take({ id }), "invalid-name", /not a lease's name/);
      }
      await writeFile(join(directory, "leases"), ""); // nothing was made
    }));
});
