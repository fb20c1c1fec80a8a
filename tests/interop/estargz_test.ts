/** Lazy layers, there and back: stargz-snapshotter's own module reads what we write, and we what it writes. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import "../../src/codec/mod.ts"; // brings gzip
import type { Bytes } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { layer } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { tocAnnotations } from "../../src/spec/table_of_contents.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { readTar, type TarItem, writeTar } from "../../src/tar/mod.ts";
import { findFile } from "../../src/tree/mod.ts";
import { all, file } from "../tar/tools.ts";
import { stored } from "../tree/support.ts";
import { needs, run } from "./server_peers.ts";

const items = (): TarItem[] => [
  { type: "directory", path: "etc/" },
  file("etc/motd", "hello", {
    uid: 7,
    mtime: 5,
    pax: new Map([["SCHILY.xattr.user.x", Uint8Array.of(1, 255)]]),
  }),
  file("etc/empty", ""),
  file("large", randomBytes(9_000_000, 1)),
  file("zeros", new Uint8Array(300_000)),
  { type: "symlink", path: "link", linkname: "etc/motd" },
  { type: "hardlink", path: "hard", linkname: "etc/motd" },
  { type: "fifo", path: "pipe" },
  ...Array.from({ length: 200 }, (_, i) => file(`many/${i}`, `${i}`.repeat(i))),
];

describe("lazy layers", needs("go"), () => {
  let directory: string;
  let peer: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-estargz-"));
    peer = join(directory, "estargz");
    const source = fileURLToPath(new URL("estargz", import.meta.url));
    await run("sh", "-c", `cd ${source} && HOME=${directory} GOFLAGS=-modcacherw go build -o ${peer} .`);
  });
  after(async () => await rm(directory, { recursive: true, force: true }));

  it("are written so that the module verifies and reads each file", async () => {
    const made = layer(() => writeTar(items()), { estargz: true });
    const path = join(directory, "ours.tar.gz");
    await writeFile(path, await all(await made.compressed()));
    const { annotations } = await made.descriptor();
    const listed = (await run(peer, "read", path, annotations![tocAnnotations.digest]!)).trim().split("\n");
    const expected: string[] = [];
    for await (const entry of readTar(writeTar(items()))) {
      if (entry.type !== "file") continue;
      const digest = await digestBytes(await all(entry.readable));
      expected.push(`${entry.path} ${entry.size} ${digest.slice("sha256:".length)}`);
    }
    const files = listed.filter((line) => !line.startsWith(".no.prefetch.landmark "));
    // The module has hard links as the files that they are.
    assert.deepEqual(files.filter((line) => !line.startsWith("hard ")), expected.sort());
    assert.equal(listed.length - files.length, 1);
  });

  for (
    const [form, mediaType] of [["build", mediaTypes.ociLayerGzip], [
      "zstd",
      mediaTypes.ociLayerZstd,
    ]] as const
  ) {
    it(`are read as the module writes them: ${form}`, async () => {
      const [tar, lazy] = [join(directory, "layer.tar"), join(directory, `theirs.${form}`)];
      await writeFile(tar, await all(writeTar(items())));
      const said = (await run(peer, form, tar, lazy)).trim();
      const annotations = form === "zstd" ? JSON.parse(said) : { [tocAnnotations.digest]: said };
      const blob = new Uint8Array(await readFile(lazy)) as Bytes;
      const { image, read } = await stored(blob, annotations, mediaType);
      await using motd = await findFile(image, "link");
      assert.equal(await new Response(motd.readable).text(), "hello");
      assert.ok(motd.verified);
      assert.ok(read() < blob.byteLength / 10, `${read()} of ${blob.byteLength}`);
      for await (const entry of readTar(writeTar(items()))) {
        if (entry.type !== "file") continue;
        await using found = await findFile(image, entry.path);
        assert.deepEqual(await all(found.readable), await all(entry.readable), entry.path);
      }
    });
  }
});
