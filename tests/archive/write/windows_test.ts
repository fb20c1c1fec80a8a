import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archive, type ArchiveFormat, writeArchive } from "../../../src/archive/mod.ts";
import { type Bytes, concat, utf8 } from "../../../src/bytes.ts";
import { memory, type Source, type Target } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { openImage, openRoot } from "../../../src/image/mod.ts";
import { registry, type Transport } from "../../../src/registry/mod.ts";
import { server } from "../../../src/server/mod.ts";
import { type Descriptor, type Digest, mediaTypes } from "../../../src/spec/mod.ts";
import { readTar, writeTar } from "../../../src/tar/mod.ts";
import { contentOf } from "../../layout/support.ts";
import { end, pax, raw } from "../../tar/tools.ts";
import { bytesOf, descriptorOf, digestOf, fails, filesIn, gzipped } from "../support.ts";

const system = { "os.version": "10.0.20348.2227", "os.features": ["win32k"] };
const platform = { os: "windows", architecture: "amd64", ...system };
const urls = ["https://mcr.example/v2/windows/blobs/sha256:base"];

/** What Windows needs to know of a file, as Microsoft's `backuptar` writes it. */
const facts: Record<string, string> = {
  "LIBARCHIVE.creationtime": "1700000000.123456700",
  "MSWINDOWS.fileattr": "8224",
  "MSWINDOWS.rawsd": "AQAEgBQAAAAkAAAAAAAAADQAAAABAgAAAAAABSAAAAAgAgAA",
  "MSWINDOWS.xattr.$Kernel.Purge": "\xff\xfe",
  "MSWINDOWS.mountpoint": "1",
  "mtime": "1700000000.123456700",
};

/** A layer of Windows': files, the parts of its registry, an alternate stream behind a file. */
function windowsTar(text: string): Bytes {
  return concat([
    pax(facts),
    raw({ name: "Files", flag: "5" }),
    pax(facts),
    raw({ name: "Files/Windows/System32/kernel32.dll" }, text),
    raw({ name: "Files/Windows/System32/kernel32.dll:Zone.Identifier" }, "[ZoneTransfer]"),
    pax({ ...facts, "MSWINDOWS.fileattr": "1040" }),
    raw({ name: "Files/Documents and Settings", flag: "2", linkname: "C:\\Users" }),
    raw({ name: "Hives/System_Delta" }, `regf${text}`),
    raw({ name: "UtilityVM/Files/.wh.gone" }),
    end,
  ]);
}

interface Made {
  /** Everything that is to be the same: documents and layers. */
  blobs: Map<Digest, Bytes>;
  index: Digest;
  image: Digest;
  tars: Bytes[];
  foreign: Descriptor;
}

/** Puts an index with one image into a repository, its documents as nobody here would write them. */
async function putWindows(target: Target): Promise<Made> {
  const tars = [windowsTar("base"), windowsTar("own")];
  const [base, own] = tars.map(gzipped) as [Bytes, Bytes];
  const spaced = (document: object) => utf8(`${JSON.stringify(document, undefined, 3)}\r\n`);
  const config = spaced({
    ...platform,
    rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
    "x-of.others": { kept: 1.0 },
  });
  const foreign: Descriptor = { ...descriptorOf(base, mediaTypes.dockerForeignLayerGzip), urls };
  const image = spaced({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: descriptorOf(config, mediaTypes.dockerConfig),
    layers: [foreign, descriptorOf(own, mediaTypes.dockerLayerGzip)],
  });
  const index = spaced({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerIndex,
    manifests: [{ ...descriptorOf(image, mediaTypes.dockerManifest), platform }],
  });
  for (const blob of [base, own, config]) await target.write(await contentOf(blob));
  await target.write(await contentOf(image, mediaTypes.dockerManifest), { role: "manifest" });
  await target.write(await contentOf(index, mediaTypes.dockerIndex), { role: "manifest", name: "v1" });
  const blobs = new Map([base, own, config, image, index].map((bytes) => [digestOf(bytes), bytes]));
  return { blobs, index: digestOf(index), image: digestOf(image), tars, foreign };
}

/** A repository of a registry, behind HTTP's requests and responses. */
function remote(): Target {
  const store = memory();
  const answer = server({ repositories: () => store });
  const transport: Transport = async ({ url, method, headers, body, signal }) => {
    const sent = body && !(body instanceof Uint8Array) ? await body.open({ signal }) : body ?? null;
    return await answer(new Request(url, { method, headers, body: sent, duplex: "half" } as RequestInit));
  };
  return registry("registry.test/windows", { transport });
}

async function assertSame(from: Source, { blobs, index, image }: Made, without: Digest[]): Promise<void> {
  for (const [digest, bytes] of blobs) {
    const role = digest === index || digest === image ? "manifest" : "blob";
    const read = async () => await bytesOf(await from.open({ digest, size: bytes.length }, { role }));
    if (without.includes(digest)) await assert.rejects(read(), fails("not-found", /sha256:/));
    else assert.deepEqual(await read(), bytes);
  }
}

describe("G22 an image of Windows", () => {
  for (const format of ["combined", "oci"] as ArchiveFormat[]) {
    for (const foreign of [true, false]) {
      it(`stays the same from registry to ${format} to registry, ${foreign ? "with" : "without"} foreign layers`, async () => {
        const [from, to] = [remote(), remote()];
        const made = await putWindows(from);
        const without = foreign ? [] : [made.foreign.digest];
        const pulled = [{ image: await openRoot(from, "v1"), names: ["windows:v1"] }];
        const there = archive(await new Response(writeArchive(pulled, { format, foreign })).blob());
        await assertSame(there, made, without);
        const pushed = await copy(await openRoot(there, "windows:v1"), to, { name: "v1", foreign });
        assert.equal(pushed.descriptor.digest, made.index);
        await assertSame(to, made, without);

        const image = await openImage(to, "v1", { platform });
        assert.equal(await image.digest(), made.image);
        const { layers } = await image.manifest();
        assert.deepEqual(layers[0], made.foreign);
        assert.deepEqual(
          [(await image.config())["os.version"], (await image.config())["os.features"]],
          [system["os.version"], system["os.features"]],
        );
        const other = { ...platform, "os.version": "10.0.17763.1" };
        await assert.rejects(openImage(to, "v1", { platform: other }), fails("no-platform", /17763/));
      });
    }
  }

  for (const format of ["docker", "legacy"] as ArchiveFormat[]) {
    it(`keeps its config and its tars in ${format}`, async () => {
      const from = remote();
      const { tars, foreign } = await putWindows(from);
      const image = await openImage(from, "v1", { platform });
      const blob = await new Response(writeArchive([{ image }], { format, foreign: true })).blob();
      const files = await filesIn(blob.stream());
      const [item] = JSON.parse(files.get("manifest.json")!);
      assert.equal(digestOf(Buffer.from(files.get(item.Config)!, "latin1")), await image.configName());
      if (format === "docker") assert.deepEqual(item.LayerSources, { [digestOf(tars[0]!)]: foreign });
      const again = await openImage(archive(blob), "@0");
      for (const [i, layer] of (await again.layers()).entries()) {
        assert.deepEqual(await bytesOf(await layer.uncompressed()), tars[i]);
      }
    });
  }

  it("has entries that tell what Windows needs, and are written back as they are", async () => {
    const target = memory();
    const { tars } = await putWindows(target);
    const [base] = await (await openImage(target, "v1", { platform })).layers();
    const seen: string[] = [];
    for await (const { path, linkname, pax } of base!.entries()) {
      seen.push(linkname === "" ? path : `${path} -> ${linkname}`);
      if (!path.endsWith("kernel32.dll")) continue;
      const found = [...pax].map(([key, value]) => [key, Buffer.from(value).toString("latin1")]);
      assert.deepEqual(Object.fromEntries(found), facts);
    }
    assert.deepEqual(seen, [
      "Files",
      "Files/Windows/System32/kernel32.dll",
      "Files/Windows/System32/kernel32.dll:Zone.Identifier",
      "Files/Documents and Settings -> C:\\Users",
      "Hives/System_Delta",
      "UtilityVM/Files/.wh.gone",
    ]);
    assert.deepEqual(await bytesOf(writeTar(readTar(new Blob([tars[0]!]).stream()))), tars[0]);
  });
});
