import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, concat } from "../../src/bytes.ts";
import { gzip } from "../../src/codec/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type Layer, layer } from "../../src/image/mod.ts";
import { parseTocFooter, tocAnnotations, tocFooterSize } from "../../src/spec/table_of_contents.ts";
import { rejects } from "../../src/testing/errors.ts";
import { readTar, type TarItem, writeTar } from "../../src/tar/mod.ts";
import { findFile } from "../../src/tree/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { all, file } from "../tar/tools.ts";
import { stored } from "./support.ts";

const large = randomBytes(9_000_000, 1);
const items = (): TarItem[] => [
  { type: "directory", path: "etc/" },
  file("etc/motd", "hello", { uid: 7, pax: new Map([["SCHILY.xattr.user.x", Uint8Array.of(1, 255)]]) }),
  file("etc/empty", ""),
  file("large", large),
  { type: "symlink", path: "link", linkname: "etc/motd" },
  { type: "character-device", path: "null", options: { devmajor: 1, devminor: 3 } },
  file("last", "bye"),
];
const lazy = (): Layer => layer(() => writeTar(items()), { estargz: true });

async function blobOf(layer: Layer): Promise<{ blob: Bytes; annotations: Record<string, string> }> {
  const blob = await all(await layer.compressed());
  return { blob, annotations: (await layer.descriptor()).annotations! };
}

describe("an eStargz layer", () => {
  it("is a layer like others, with two entries more", async () => {
    const made = lazy();
    const paths: string[] = [];
    for await (const entry of made.entries()) {
      paths.push(entry.path);
      if (entry.path === "large") assert.deepEqual(await all(entry.readable), large);
    }
    const names = items().map(({ path }) => path);
    assert.deepEqual(paths, [".no.prefetch.landmark", ...names, "stargz.index.json"]);
    assert.equal(await made.diffID(), await digestBytes(await all(await made.uncompressed())));
    assert.equal(await made.digest(), await digestBytes(await all(await made.compressed())));
  });

  it("is the same each time, and when it is made of itself", async () => {
    const again = layer(async () => await lazy().uncompressed(), { estargz: true });
    assert.equal(await lazy().digest(), await lazy().digest());
    assert.equal(await again.digest(), await lazy().digest());
  });

  it("tells of its table, whose digest and size the descriptor has", async () => {
    const { annotations } = await blobOf(lazy());
    const tar = await all(await lazy().uncompressed());
    assert.equal(annotations[tocAnnotations.uncompressedSize], `${tar.byteLength}`);
    for await (const entry of readTar(await lazy().uncompressed())) {
      if (entry.path !== "stargz.index.json") continue;
      const json = await all(entry.readable);
      assert.equal(annotations[tocAnnotations.digest], await digestBytes(json));
      const { entries } = JSON.parse(new TextDecoder().decode(json));
      const motd = entries.find(({ name }: { name: string }) => name === "etc/motd");
      assert.deepEqual([motd.uid, motd.xattrs], [7, { "user.x": "Af8=" }]);
      assert.equal(entries.filter(({ type }: { type: string }) => type === "chunk").length, 2);
    }
  });

  it("gives a file without the rest", async () => {
    const { blob, annotations } = await blobOf(lazy());
    const { image, read } = await stored(blob, annotations);
    await using found = await findFile(image, "link");
    assert.equal(await new Response(found.readable).text(), "hello");
    assert.equal(found.verified, true);
    assert.ok(read() < 200_000, `${read()} of ${blob.byteLength}`);
    await using other = await findFile(image, "large");
    assert.deepEqual(await all(other.readable), large);
    assert.equal((await findFile(image, "null")).type, "character-device");
    assert.equal(await new Response((await findFile(image, "etc/empty")).readable).text(), "");
    await rejects(findFile(image, "stargz.index.json"), "not-found");
    await rejects(findFile(image, ".no.prefetch.landmark"), "not-found");
  });

  it("is held to the digests of its table and of each chunk", async () => {
    const { blob, annotations } = await blobOf(lazy());
    const other = { ...annotations, [tocAnnotations.digest]: `sha256:${"0".repeat(64)}` };
    await rejects(
      findFile((await stored(blob, other)).image, "last"),
      "digest-mismatch",
      /table of contents/,
    );

    const changed = layer(
      () => writeTar(items().map((item) => item.path === "last" ? file("last", "BYE") : item)),
      { estargz: true },
    );
    // The table of one layer, and the files of another that are as long.
    const theirs = (await blobOf(changed)).blob;
    const table = parseTocFooter(blob.subarray(-tocFooterSize))!;
    assert.equal(parseTocFooter(theirs.subarray(-tocFooterSize)), table);
    const forged = concat([theirs.subarray(0, table), blob.subarray(table)]);
    const { image } = await stored(forged, annotations);
    await using found = await findFile(image, "last");
    await rejects(new Response(found.readable).text(), "digest-mismatch", /"last"/);
    assert.equal(await new Response((await findFile(image, "etc/motd")).readable).text(), "hello");
  });

  it("is refused where it does not end as one", async () => {
    const { annotations } = await blobOf(lazy());
    const plain = await all(writeTar(items()).pipeThrough(gzip()));
    await rejects(
      findFile((await stored(plain, annotations)).image, "last"),
      "invalid-archive",
      /does not end/,
    );
  });

  it("is gzip and nothing else", () => {
    assert.throws(() => layer(writeTar([]), { estargz: true, compression: "zstd" }), /eStargz is gzip/);
  });
});
