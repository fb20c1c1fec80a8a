/** The roots of real images are those that umoci and containerd make of them, entry by entry. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { archive, saveArchive } from "../../src/archive/mod.ts";
import { utf8 } from "../../src/bytes.ts";
import type { Source } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { convert, Image, Index, openRoot, validate } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { unpack } from "../../src/rootfs/mod.ts";
import { isLayerType } from "../../src/spec/media_type.ts";
import { see, type Seen } from "../rootfs/unpack/support.ts";
import { inDirectory } from "../support/directory.ts";
import { fixture, haveFixtures } from "../support/fixtures.ts";
import { withContainerd } from "./archive_daemons.ts";
import { needs, run } from "./server_peers.ts";

/** Real images of the fixtures: those whose layers are file systems, for one platform each. */
async function* images(): AsyncGenerator<{ name: string; image: Image }> {
  for (const [kind, open] of Object.entries({ "docker-archives": archive, "oci-layouts": layout })) {
    for (const name of readdirSync(fixture(kind)).sort()) {
      const source = open(fixture(`${kind}/${name}`));
      try {
        yield* imagesIn(source, `${kind}/${name}`);
      } finally {
        if ("close" in source) await source.close();
      }
    }
  }
}

async function* imagesIn(source: Source, name: string): AsyncGenerator<{ name: string; image: Image }> {
  let count = 0;
  try {
    for await (const descriptor of source.roots!()) {
      const root = await openRoot(source, descriptor);
      const image = root instanceof Index ? await root.select({ os: "linux", architecture: "amd64" }) : root;
      if (!(image instanceof Image)) continue;
      const layers = await image.layers();
      await image.configFile();
      if ((await validate(image)).length > 0) continue;
      if (layers.length > 0 && layers.every((layer) => isLayerType(layer.mediaType()))) {
        yield { name: `${name} ${count++}`, image };
      }
    }
  } catch {
    return; // what is broken is others' to test
  }
}

type Compared = Omit<Seen, "ino" | "mtime"> & {
  time: bigint | undefined;
  attributes: string | undefined;
  inode: number | undefined;
};

/** What is compared; a directory that no layer has an entry for has no time of its own. */
async function compared(directory: string, image: Image): Promise<Map<string, Compared>> {
  const timed = new Set<string>();
  for (const layer of await image.layers()) {
    for await (const { path } of layer.entries()) {
      timed.add(path.split("/").filter((p) => p !== "." && p).join("/") || ".");
    }
  }
  const numbers = new Map<bigint, number>();
  const attributes = attributesIn(directory);
  return new Map([...see(directory)].map(([path, { ino, mtime, ...seen }]) => {
    if (!numbers.has(ino)) numbers.set(ino, numbers.size);
    const time = timed.has(path) ? mtime / 1_000_000n : undefined;
    return [path, { ...seen, time, attributes: attributes.get(path), inode: numbers.get(ino) }];
  }));
}

/** The name under which containerd has all the layers of an image. */
async function chainOf(image: Image): Promise<string> {
  let chain: string | undefined;
  for (const layer of await image.layers()) {
    const diffID = await layer.diffID();
    chain = chain === undefined ? diffID : await digestBytes(utf8(`${chain} ${diffID}`));
  }
  return chain!;
}

/** The extended attributes in a directory, by path. */
function attributesIn(directory: string): Map<string, string> {
  const { stdout } = spawnSync("getfattr", ["-R", "-h", "-d", "-m", "-", "-e", "hex", "."], {
    cwd: directory,
    encoding: "utf8",
  });
  const blocks = (stdout ?? "").split("\n\n").filter((block) => block.startsWith("# file: "));
  return new Map(blocks.map((block) => {
    const [head, ...lines] = block.split("\n");
    return [head!.slice(8), lines.sort().join("\n")];
  }));
}

const isRoot = process.getuid?.() === 0 && haveFixtures;

describe(
  "the roots of real images",
  { skip: isRoot ? false : "needs the superuser and the fixtures" },
  () => {
    it("are those of umoci", needs("umoci"), () =>
      inDirectory(async (directory) => {
        let count = 0;
        for await (const { name, image } of images()) {
          const [ours, theirs] = [join(directory, "ours"), join(directory, "theirs")];
          // It reads no other manifests.
          await copy(image.edit(convert({ format: "oci" })), layout(join(directory, "images")), {
            name: "v1",
          });
          try {
            await run("umoci", "raw", "unpack", "--image", `${directory}/images:v1`, theirs);
          } catch (error) {
            console.log(`umoci does not unpack ${name}: ${String(error).split("\n")[0]}`);
            await rm(theirs, { recursive: true, force: true });
            continue;
          }
          assert.deepEqual((await unpack(image, ours)).skipped, []);
          assert.deepEqual(await compared(ours, image), await compared(theirs, image), name);
          for (const path of [ours, theirs]) await rm(path, { recursive: true });
          count++;
        }
        assert.ok(count >= 30, `${count} images`);
      }));

    it(
      "are those of containerd's native snapshotter",
      needs("containerd"),
      () =>
        withContainerd(async (directory, ctr) => {
          let count = 0;
          for await (const { name, image } of images()) {
            const ours = join(directory, "ours");
            const tar = join(directory, "image.tar");
            await saveArchive(tar, [{ image, names: [`app:v${count}`] }], { format: "oci" });
            try {
              await ctr("images", "import", "--snapshotter", "native", tar);
            } catch (error) {
              console.log(`containerd does not unpack ${name}: ${String(error).split("\n")[0]}`);
              continue;
            }
            const native = (...args: string[]) => ctr("snapshots", "--snapshotter", "native", ...args);
            const mount = await native("view", "--target", ours, `view-${count}`, await chainOf(image));
            const [mounted = ""] = /\/\S+\/snapshots\/\d+/.exec(mount) ?? [];
            assert.deepEqual((await unpack(image, ours)).skipped, []);
            const [found, expected] = [await compared(ours, image), await compared(mounted, image)];
            // The root is the snapshotter's own directory, and its copies of directories get new times.
            for (const all of [found, expected]) {
              all.delete(".");
              for (const seen of all.values()) if (seen.type === "directory") seen.time = undefined;
            }
            assert.deepEqual(found, expected, name);
            await rm(ours, { recursive: true });
            count++;
          }
          assert.ok(count >= 30, `${count} images`);
        }),
    );
  },
);
