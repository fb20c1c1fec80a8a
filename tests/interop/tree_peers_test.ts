/** What we export and flatten, held to what crane, skopeo and umoci make of it. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import "../../src/codec/mod.ts"; // brings gzip
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage, type Image, layer } from "../../src/image/mod.ts";
import { type TarItem, writeTar } from "../../src/tar/mod.ts";
import { printed, type RegistryFixture, withRegistry } from "../cli/gantry.ts";
import { entriesOf, file } from "../tar/tools.ts";
import { needs, run } from "./server_peers.ts";

const directory = (path: string, mode = 0o755): TarItem => ({ type: "directory", path, options: { mode } });

/** Layers of which crane and we make the same. */
const layers: (() => TarItem[])[] = [
  () => [
    directory("etc/", 0o750),
    file("etc/motd", "old", { uid: 3, gid: 4, mtime: 1_000_000 }),
    file("etc/gone", "1"),
    directory("opt/"),
    directory("opt/old/"),
    file("opt/old/x", "1"),
    directory("var/"),
    directory("var/lib/"),
    file("var/lib/a", "1"),
    { type: "symlink", path: "link", linkname: "etc/motd" },
    file("original", "linked", { mode: 0o4755 }),
    { type: "hardlink", path: "hard", linkname: "original", options: { mode: 0o4755 } },
    { type: "fifo", path: "pipe" },
  ],
  () => [
    directory("etc/", 0o750),
    file("etc/motd", "new", { mtime: 2_000_000, pax: new Map([["SCHILY.xattr.user.x", Uint8Array.of(1)]]) }),
    file("etc/.wh.gone", ""),
    file(".wh.opt", ""),
  ],
  () => [
    directory("var/"),
    directory("var/lib/"),
    file("var/lib/.wh..wh..opq", ""),
    file("extra/caf\u00e9", "1"),
  ],
];

function imageOf(...layers: (() => TarItem[])[]): Image {
  return layers.reduce(
    (image, items) => image.append(layer(() => writeTar(items()))),
    emptyImage({ os: "linux", architecture: "amd64" }),
  );
}

/** Exports with both, and lists what is in the tars. */
async function both(
  { host, directory, gantry, repository }: RegistryFixture,
  image: Image,
): Promise<[ours: string[], theirs: string[]]> {
  await copy(image, repository("app"), { name: "v1" });
  const [ours, theirs] = [join(directory, "ours.tar"), join(directory, "theirs.tar")];
  assert.equal((await gantry("export", `${host}/app:v1`, ours)).code, 0);
  await run("crane", "export", `${host}/app:v1`, theirs);
  return [await listed(ours), await listed(theirs)];
}

async function listed(path: string): Promise<string[]> {
  const lines: string[] = [];
  for (const { entry, content } of await entriesOf(readFileSync(path))) {
    const { type, mode, uid, gid, mtime, linkname, pax } = entry;
    const xattrs = [...pax.keys()].filter((key) => key.startsWith("SCHILY.xattr."));
    const facts = type === "hardlink" ? [] : [mode.toString(8), uid, gid, mtime.seconds, ...xattrs];
    const digest = content.length > 0 ? await digestBytes(content) : "";
    lines.push([entry.path.replace(/\/$/, ""), type, linkname, ...facts, digest].join(" "));
  }
  return lines.sort();
}

describe("what we export", needs("crane"), () => {
  it("is what crane exports", () =>
    withRegistry(async (fixture) => {
      const [ours, theirs] = await both(fixture, imageOf(...layers));
      // We write a directory for what has none; crane leaves that to whoever unpacks it.
      assert.deepEqual(ours.filter((line) => !line.startsWith("extra directory")), theirs);
      assert.equal(ours.length, theirs.length + 1);
    }));

  const differs: Record<string, { layers: (() => TarItem[])[]; ours: string[]; theirs: string[] }> = {
    "keeps a file that is in the same layer as its whiteout": {
      layers: [() => [file("a", "1")], () => [file(".wh.a", ""), file("a", "22")]],
      ours: ["a file"],
      theirs: [],
    },
    "has the last of two files with one name": {
      layers: [() => [file("a", "1"), file("a", "22")]],
      ours: ["a file"],
      theirs: ["a file"],
    },
    "has a file for a hard link whose other name is gone": {
      layers: [
        () => [file("a", "1"), { type: "hardlink", path: "b", linkname: "a" }],
        () => [file(".wh.a", "")],
      ],
      ours: ["b file"],
      theirs: ["b hardlink"],
    },
    "cleans absolute names": {
      layers: [() => [file("/a", "1")]],
      ours: ["a file"],
      theirs: ["/a file"],
    },
  };
  for (const [name, { layers, ours, theirs }] of Object.entries(differs)) {
    it(`${name}, unlike crane's`, () =>
      withRegistry(async (fixture) => {
        const short = (lines: string[]) => lines.map((line) => line.split(" ").slice(0, 2).join(" "));
        const [one, other] = await both(fixture, imageOf(...layers));
        assert.deepEqual([short(one), short(other)], [ours, theirs]);
        assert.notDeepEqual(one, other);
      }));
  }

  it("comes from standard input and goes to standard output too", () =>
    withRegistry(async ({ host, directory, repository }) => {
      await copy(imageOf(...layers), repository("app"), { name: "v1" });
      const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
      const cache = process.env["DENO_DIR"] ?? join(process.env["HOME"]!, ".cache/deno");
      // Not to be waited for in this thread, which serves the registry.
      await run(
        "sh",
        "-c",
        `cd ${directory} && crane pull ${host}/app:v1 app.tar && crane export - - < app.tar > theirs.tar &&
          DENO_DIR=${cache} HOME=${directory} deno run -A ${main} export - - < app.tar > ours.tar`,
      );
      const [ours, theirs] = [
        await listed(join(directory, "ours.tar")),
        await listed(join(directory, "theirs.tar")),
      ];
      assert.deepEqual(ours.filter((line) => !line.startsWith("extra directory")), theirs);
    }));
});

describe("what we flatten", () => {
  it(
    "is taken by crane, skopeo and umoci",
    needs("umoci"),
    () =>
      withRegistry(async ({ host, gantry, repository }) => {
        await copy(imageOf(...layers), repository("app"), { name: "v1" });
        const flat = `${host}/app:flat`;
        const said = printed(await gantry("flatten", `${host}/app:v1`, "-t", flat)).trim();
        assert.match(said, new RegExp(`^${host}/app@sha256:[0-9a-f]{64}$`));
        assert.match(await run("crane", "validate", "--remote", flat), /^PASS/);
        assert.equal(JSON.parse(await run("crane", "manifest", flat)).layers.length, 1);

        const bundle = await mkdtemp(join(tmpdir(), "gantry-umoci-"));
        try {
          const oci = join(bundle, "oci");
          await run("skopeo", "copy", "--src-tls-verify=false", `docker://${flat}`, `oci:${oci}:v1`);
          await run("umoci", "unpack", "--rootless", "--image", `${oci}:v1`, join(bundle, "unpacked"));
          const root = join(bundle, "unpacked", "rootfs");
          const read = (path: string) => readFileSync(join(root, path), "utf8");
          assert.deepEqual(["etc/motd", "link", "hard"].map(read), ["new", "new", "linked"]);
          const found = spawnSync("find", [".", "-mindepth", "1"], { cwd: root, encoding: "utf8" }).stdout
            .trim();
          assert.deepEqual(found.split("\n").map((path) => path.slice(2)).sort(), [
            "etc",
            "etc/motd",
            "extra",
            "extra/caf\u00e9",
            "hard",
            "link",
            "original",
            "pipe",
            "var",
            "var/lib",
          ]);
        } finally {
          await rm(bundle, { recursive: true, force: true });
        }
      }),
  );

  it("has the files that crane's has", needs("crane"), () =>
    withRegistry(async (fixture) => {
      const { host, directory, gantry, repository } = fixture;
      await copy(imageOf(...layers.slice(0, 2)), repository("app"), { name: "v1" });
      printed(await gantry("flatten", `${host}/app:v1`, "-t", `${host}/app:ours`));
      await run("crane", "flatten", `${host}/app:v1`, "-t", `${host}/app:theirs`);
      const [ours, theirs] = ["ours", "theirs"].map((name) => join(directory, `${name}.tar`));
      await run("crane", "export", `${host}/app:ours`, ours!);
      await run("crane", "export", `${host}/app:theirs`, theirs!);
      assert.deepEqual(await listed(ours!), await listed(theirs!));
      const comment = async (name: string) =>
        JSON.parse(await run("crane", "config", `${host}/app:${name}`)).history.map(
          ({ comment }: { comment: string }) => JSON.parse(comment),
        );
      // crane writes down a time where there is none.
      const [own, other] = [await comment("ours"), await comment("theirs")];
      assert.deepEqual([own.length, own[0].length], [other.length, other[0].length]);
    }));
});
