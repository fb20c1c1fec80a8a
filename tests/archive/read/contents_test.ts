import { leavesNoTemporaryFiles, temporaryFiles } from "../../support/temporary_files.ts";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive } from "../../../src/archive/mod.ts";
import { utf8 } from "../../../src/bytes.ts";
import { readVerified } from "../../../src/content/mod.ts";
import { openImage, validate } from "../../../src/image/mod.ts";
import { inDirectory } from "../../layout/support.ts";
import { alike } from "../../tar/tools.ts";
import {
  bytesOf,
  configFor,
  counted,
  digestOf,
  fails,
  type Files,
  gzipped,
  headerOf,
  layerTar,
  octal,
  saved,
  tarOf,
  zstandard,
} from "../support.ts";
import { moved, opened } from "./support.ts";

describe("the tar of an archive", () => {
  it("is read in a few places, from a file, a blob, or anything else that gives slices", () =>
    inDirectory(async (directory) => {
      const large = await tarOf([["large", new Uint8Array(8_000_000)]]);
      const files = await saved({ layer: large, config: configFor([large]) });
      const tar = await tarOf([...files.slice(1), files[0]!]);
      const slices = counted(new Blob([tar]));
      const digest = await (await openImage(archive(slices), "app:v1")).digest();
      assert.ok(slices.read < 200_000, `${slices.read} bytes were read to learn what is in it`);
      await writeFile(join(directory, "a.tar"), tar);
      for (const from of [join(directory, "a.tar"), new Blob([tar]), slices]) {
        assert.equal(await moved(archive(from)), digest);
      }
    }));

  it("F13 F20: may have names of any length and in any bytes", async () => {
    const files = await saved({
      more: [["x/".repeat(3000), "long"], ["\udcff\udcfe", "no UTF-8"], ["a\nb", "c"]],
    });
    assert.deepEqual(await validate(await openImage(await opened(files), "app:v1")), []);
  });

  it("F14: has files by their very names, and no others", async () => {
    const files = await saved();
    const shouting = files.map(([path, content]): Files[0] => [path.toUpperCase(), content]);
    const none = await opened(shouting);
    await assert.rejects(none.resolve("app:v1"), fails("invalid-archive", /neither manifest\.json/));
    const there = await opened([["Manifest.json", "null"], ...files, ["MANIFEST.JSON", "null"], ...shouting]);
    assert.deepEqual(await validate(await openImage(there, "app:v1")), []);
    for (const i of alike.keys()) {
      const layers = await Promise.all(alike.map(layerTar));
      const manifest = [{ Config: "c.json", Layers: [`l/${alike[i]}`] }];
      const more = alike.map((name, j): Files[0] => [`l/${name}`, layers[j]!]);
      const found = await opened(await saved({ manifest, config: configFor([layers[i]!]), more }));
      assert.deepEqual(await validate(await openImage(found, "@0")), [], alike[i]);
      const gone = await opened(await saved({ manifest, more: more.filter((_, j) => j !== i) }));
      await assert.rejects(gone.resolve("@0"), fails("invalid-archive", /which is not there/), alike[i]);
    }
  });

  it("F15: counts the last of several of one name", async () => {
    const files = await saved({ layer: await layerTar("old") });
    const there = await opened([...files, ["l/layer.tar", await layerTar("saved")]]);
    assert.deepEqual(await validate(await openImage(there, "app:v1")), []);
  });

  it("F21: has no sparse layers", async () => {
    const fields = {
      124: octal(512),
      156: "S",
      257: "ustar  \0",
      386: octal(0),
      398: octal(512),
      483: octal(2048),
    };
    const header = await headerOf("l/layer.tar", fields);
    const rest = await tarOf(await saved({ without: ["l/layer.tar"] }));
    const there = archive(new Blob([header, new Uint8Array(512), rest]));
    await assert.rejects(there.resolve("app:v1"), fails("unsupported", /"l\/layer\.tar".*a sparse file/));
  });

  it("F22: may lack its end, but is refused when it is cut anywhere else", async () => {
    const files = await saved();
    const tar = await tarOf(files);
    assert.deepEqual(await validate(await openImage(archive(new Blob([tar.slice(0, -1024)])), "app:v1")), []);
    const last = tar.length - 1024 - 512 + (files.at(-1)![1] as string).length;
    for (let end = 0; end < last; end += 128) {
      await assert.rejects(
        (async () => assert.fail(await moved(archive(new Blob([tar.slice(0, end)])), "app:v1")))(),
        (error: Error) => error.name === "GantryError",
        `${end} of ${tar.length} bytes`,
      );
    }
  });

  it("G25 F25 F26: may be compressed as a whole, in several members and frames", async () => {
    const tar = await tarOf(await saved());
    const digest = await moved(archive(new Blob([tar])));
    const half = tar.length / 2;
    for (const compress of [gzipped, zstandard]) {
      const forms = [
        compress(tar),
        new Uint8Array([...compress(tar.slice(0, half)), ...compress(tar.slice(half))]),
      ];
      for (const form of forms) {
        const there = archive(new Blob([form]));
        assert.equal(await moved(there), digest);
        await there.close();
        await there.close();
        await assert.rejects(moved(there), fails("consumed", /closed/));
      }
      const cut = archive(new Blob([compress(tar).slice(0, -6)]));
      await assert.rejects(cut.resolve("app:v1"), fails("invalid-archive", /archive/));
    }
    for (
      const [head, name] of [[[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"], [
        [...utf8("BZh91AY&SY")],
        "bzip2",
      ]] as const
    ) {
      await assert.rejects(
        archive(new Blob([new Uint8Array(head)])).resolve("app:v1"),
        fails("unsupported", new RegExp(`compressed with ${name}, unpack it first \\(${name} -d\\)$`)),
      );
    }
  });

  it("F24 G25: is refused when it would be more than 250 times as large as it is", async () => {
    const bomb = gzipped(new Uint8Array(600 * 1024 * 1024));
    await assert.rejects(archive(new Blob([bomb])).resolve("x"), fails("too-large", /250 times/));
  });

  it("leaves no temporary file, whatever becomes of it", {
    skip: !existsSync("/proc/self/fd") && "needs /proc",
  }, () =>
    leavesNoTemporaryFiles(async () => {
      const tar = await tarOf(await saved());
      const good = archive(new Blob([gzipped(tar)]));
      await good.resolve("app:v1");
      assert.match(temporaryFiles().join(), /gantry-[^,]* \(deleted\)/);
      await good.close();
      await assert.rejects(archive(new Blob([gzipped(tar.slice(0, 700))])).resolve("app:v1"));
      const stop = AbortSignal.abort(new Error("enough"));
      await assert.rejects(archive(new Blob([gzipped(tar)])).resolve("app:v1", { signal: stop }), /enough/);
    }));

  it("is told what is wrong with it by name", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "a.tar");
      const cases: [() => Promise<void>, RegExp][] = [
        [() => Promise.resolve(), /^open archive ".*a\.tar": no such file$/],
        [() => writeFile(path, "some text ".repeat(100)), /^open archive ".*a\.tar": not a tar$/],
        [() => writeFile(path, ""), /^open archive ".*a\.tar": neither manifest\.json.* nor index\.json/],
      ];
      for (const [prepare, words] of cases) {
        await prepare();
        await assert.rejects(archive(path).resolve("x"), (error: Error) =>
          words.test(error.message), String(words));
      }
      await assert.rejects(archive(directory).resolve("x"), fails("unsupported", /a directory/));
      await assert.rejects(archive("/dev/null").resolve("x"), fails("unsupported", /not a regular file/));
    }));

  it("must stay as it is while it is read", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "a.tar");
      const tar = await tarOf(await saved());
      await writeFile(path, tar);
      const there = archive(path);
      const { descriptor } = await there.resolve("app:v1");
      await writeFile(path, new Uint8Array([...tar, 0]));
      const layer = { digest: digestOf(await layerTar("saved")) };
      await assert.rejects(
        async () => await bytesOf(await readVerified(there, layer)),
        fails("conflict", /changed/),
      );
      assert.ok(descriptor.size > 0);
    }));
});
