import { formats, partOf, plain, put, written } from "./support.ts";
import { leavesNoTemporaryFiles } from "../../support/temporary_files.ts";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archive, type ArchiveFormat, writeArchive } from "../../../src/archive/mod.ts";
import type { Bytes } from "../../../src/bytes.ts";
import { memory, type Part, type Target } from "../../../src/content/mod.ts";
import type { CopyEvent } from "../../../src/copy/mod.ts";
import { emptyImage, type Image, layer, openImage, validate } from "../../../src/image/mod.ts";
import { type Digest, mediaTypes } from "../../../src/spec/mod.ts";
import { readTar } from "../../../src/tar/mod.ts";
import { fixture, needsFixtures } from "../../support/fixtures.ts";
import { collect } from "../../layout/support.ts";
import { bytesOf, configFor, digestOf, fails, imageOf, layerTar } from "../support.ts";

describe("an archive of any format", () => {
  it("G16: is a plain ustar of regular files, without owners, times and directories", async () => {
    for (const format of formats) {
      const tar = writeArchive([{ image: await imageOf("one"), names: ["app:v1"] }], { format });
      for await (const { type, path, mode, uid, gid, uname, mtime, pax, header } of readTar(tar)) {
        assert.deepEqual(
          { type, mode, uid, gid, uname, mtime, pax: pax.size, header: header.length },
          {
            type: "file",
            mode: 0o644,
            uid: 0,
            gid: 0,
            uname: "",
            mtime: { seconds: 0, nanoseconds: 0 },
            pax: 0,
            header: 512,
          },
        );
        assert.ok(!path.startsWith(".") && !path.includes(":") && path.length <= 100, path);
      }
    }
  });

  it("G23: has the same bytes everywhere", async () => {
    const expected: Record<ArchiveFormat, string> = {
      combined: "c433626d3387295c",
      oci: "f68a15aa71d2dde8",
      docker: "c511e7d29087eb01",
      legacy: "62a5fc62551e6bf0",
    };
    for (const format of formats) {
      const tar = await bytesOf(
        writeArchive([{ image: await imageOf("one"), names: ["app:v1"] }], { format }),
      );
      assert.equal(digestOf(tar).slice(7, 23), expected[format], format);
    }
  });

  it("G24: checks names before it reads anything", async () => {
    const image = untouchable();
    for (const name of ["UPPER:v1", "app:", "app:a b", `app:${"x".repeat(129)}`, `app@${digestOf("x")}`]) {
      for (const format of ["combined", "docker", "legacy"] as const) {
        await assert.rejects(written(image, [name], format), fails("invalid-name", /:/), name);
      }
    }
    const twice = writeArchive([{ image, names: ["app:v1"] }, { image, names: ["docker.io/app:v1"] }]);
    await assert.rejects(
      bytesOf(twice),
      fails("invalid-name", /"docker\.io\/app:v1": a name is given twice/),
    );
  });

  it("reads back as the images that it was made of", needsFixtures, async () => {
    for (const name of ["dive-test-kaniko-image.tar", "jib-docker-save.tar", "snyk-save-hello-world.tar"]) {
      const image = await openImage(archive(fixture(`docker-archives/${name}`)), "@0");
      const facts = async (
        of: Image,
      ) => [await of.configName(), await Promise.all((await of.layers()).map((layer) => layer.diffID()))];
      for (const format of formats) {
        const blob = await new Response(writeArchive([{ image, names: ["app:v1"] }], { format })).blob();
        const again = await openImage(archive(blob), "app:v1");
        assert.deepEqual(await facts(again), await facts(image), `${name} as ${format}`);
        assert.deepEqual(await validate(again), []);
        if (format === "combined" || format === "oci") {
          assert.equal(await again.digest(), await image.digest());
        }
      }
    }
  });

  it("may hold several images, and what they share once", async () => {
    const base = emptyImage().append(layer(await layerTar("base"), plain));
    const images = await Promise.all(
      ["a", "b"].map(async (text) => base.append(layer(await layerTar(text), plain))),
    );
    for (const format of formats) {
      const blob = await new Response(
        writeArchive(images.map((image, i) => ({ image, names: [`app:${i}`, `app:also-${i}`] })), { format }),
      ).blob();
      const there = archive(blob);
      assert.deepEqual(await collect(there.names()), ["app:0", "app:1", "app:also-0", "app:also-1"]);
      for (const [i, image] of images.entries()) {
        const again = await openImage(there, `app:also-${i}`);
        assert.equal(await again.configName(), await image.configName());
      }
    }
  });

  it("takes layers that can be read once, and leaves no temporary file", () =>
    leavesNoTemporaryFiles(async () => {
      for (const format of formats) {
        const tar = await layerTar("once");
        const once = () =>
          emptyImage().append(layer(new Blob([tar]).stream(), { compression: "zstd" })).configure({
            cmd: ["x"],
          });
        const blob = await new Response(writeArchive([{ image: once(), names: ["app:v1"] }], { format }))
          .blob();
        const image = await openImage(archive(blob), "app:v1");
        assert.deepEqual((await image.config()).rootfs.diff_ids, [digestOf(tar)]);
        assert.deepEqual(await validate(image), []);
      }
    }));

  it("is written in one pass: nothing before it is read, everything once", async () => {
    const { target, opened } = await watched();
    for (const format of formats) {
      const image = await openImage(target, "v1");
      opened.clear();
      const stream = writeArchive([{ image }], { format });
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(opened.size, 0);
      await bytesOf(stream);
      const layers = await image.layers();
      for (const layer of layers) assert.equal(opened.get(layer.known!.digest), 1, format);
    }
  });

  it("lets go of everything when nobody wants the rest", async () => {
    let cancelled = 0;
    const endless = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(new Uint8Array(65536)),
      cancel: () => void cancelled++,
    });
    const layer = await layerTar("a");
    const image = partOf(layer, {
      digest: digestOf(layer),
      size: 1_000_000_000,
      open: () => Promise.resolve(endless),
    });
    const reader = writeArchive([{ image }], { format: "oci" }).getReader();
    for (let read = 0; read < 1_000_000;) read += (await reader.read()).value!.length;
    await reader.cancel();
    assert.equal(cancelled, 1);
    const unread = writeArchive([{ image: untouchable() }]);
    await unread.cancel();
  });

  it("tells how it goes on", async () => {
    const events: CopyEvent[] = [];
    const image = await imageOf("one");
    await bytesOf(writeArchive([{ image }], { progress: (event) => events.push(event) }));
    const done = events.flatMap((event) => event.type === "done" ? [event.descriptor.digest] : []);
    assert.deepEqual(done, [
      await (await image.layers())[0]!.digest(),
      await image.configName(),
      await image.digest(),
    ]);
    assert.deepEqual(events.slice(0, 3).map(({ type }) => type), ["start", "progress", "done"]);
  });
});

/** What must not be looked at. */
function untouchable(): Part {
  const fail = () => assert.fail("it was looked at");
  return { role: "manifest", children: fail, content: fail };
}

/** A repository that counts how often a blob is opened. */
async function watched(): Promise<{ target: Target; opened: Map<Digest, number> }> {
  const kept = memory();
  const opened = new Map<Digest, number>();
  const layers = await Promise.all(
    ["a", "b"].map(async (text) => ({ bytes: await layerTar(text), mediaType: mediaTypes.ociLayer })),
  );
  await put(kept, layers, configFor(layers.map(({ bytes }) => bytes)));
  const target = Object.create(kept, {
    resolve: { value: kept.resolve.bind(kept) },
    open: {
      value: (...args: Parameters<Target["open"]>) => {
        opened.set(args[0].digest, (opened.get(args[0].digest) ?? 0) + 1);
        return kept.open(...args);
      },
    },
  }) as Target;
  return { target, opened };
}
