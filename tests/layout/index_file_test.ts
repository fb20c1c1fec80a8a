import assert from "node:assert/strict";
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { layout } from "../../src/layout/mod.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { collect, contentOf, filesIn, inDirectory, putImage, putText, readText } from "./support.ts";
import { rejects } from "../../src/testing/errors.ts";

const marker = '{"imageLayoutVersion":"1.0.0"}';

async function layoutOf(directory: string, index: string, version: string = marker) {
  await writeFile(join(directory, "oci-layout"), version);
  await writeFile(join(directory, "index.json"), index);
  return layout(directory);
}

describe("opening a layout", () => {
  it("reads and makes nothing until asked", () =>
    inDirectory(async (directory) => {
      layout(directory);
      assert.deepEqual(await readdir(directory), []);
      await (await layout(directory).lease())[Symbol.asyncDispose]();
      assert.deepEqual(await readdir(directory), []);
    }));

  it("is made by one of several writes at once, and by the next where that one is aborted", () =>
    inDirectory(async (directory) => {
      const there = layout(join(directory, "new"));
      const stop = new AbortController();
      const first = there.write(await contentOf(utf8("first")), { signal: stop.signal });
      const others = ["second", "third"].map((text) => putText(there, text));
      stop.abort(new Error("enough"));
      await assert.rejects(first, /enough/);
      for (const { digest } of await Promise.all(others)) await there.resolve(digest, { role: "blob" });
      const files = await filesIn(join(directory, "new"));
      assert.deepEqual(files.filter((name) => !name.startsWith("blobs/")), ["index.json", "oci-layout"]);
    }));

  it("tells what is missing, and makes nothing", () =>
    inDirectory(async (directory) => {
      const digest = await digestBytes(utf8("x"));
      for (const path of [directory, join(directory, "nowhere")]) {
        const there = layout(path);
        const message = new RegExp(`open layout "${path}": no index.json`);
        await rejects(there.resolve("v1"), "not-found", message);
        await rejects(there.resolve(digest, { role: "blob" }), "not-found", message);
        await rejects(there.open({ digest }), "not-found", message);
        await rejects(collect(there.names()), "not-found", message);
        await rejects(collect(there.roots()), "not-found", message);
        await rejects(collect(there.referrers({ digest })), "not-found", message);
        await rejects(there.tag("v1", { mediaType: "a/b", digest, size: 1 }), "not-found", message);
        await rejects(there.untag("v1"), "not-found", message);
        await rejects(there.delete({ digest }), "not-found", message);
        await rejects(there.gc(), "not-found", message);
      }
      assert.deepEqual(await readdir(directory), []);
    }));

  for (
    const [what, index, code] of [
      ["that is no JSON", "foobar", "invalid-document"],
      ["that is a list", "[]", "invalid-document"],
      ["without entries", '{"schemaVersion":2}', "invalid-document"],
      ["of another schema", '{"schemaVersion":"2","manifests":[]}', "invalid-document"],
      ["that is an image too", '{"schemaVersion":2,"manifests":[],"config":{}}', "invalid-document"],
      ["with an entry that is none", '{"schemaVersion":2,"manifests":[{"digest":"x"}]}', "invalid-document"],
      [
        "with a digest that leads elsewhere",
        '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1,"digest":"sha256:../../../etc/passwd"}]}',
        "invalid-digest",
      ],
    ] as const
  ) {
    it(`refuses an index.json ${what}, for reading and for writing`, () =>
      inDirectory(async (directory) => {
        const there = await layoutOf(directory, index);
        await rejects(collect(there.names()), code, new RegExp(directory));
        await rejects(putText(there, "blob"), code, new RegExp(directory));
        assert.equal(await readFile(join(directory, "index.json"), "utf8"), index);
        assert.deepEqual(await filesIn(directory), ["index.json", "oci-layout"]);
      }));
  }

  it("refuses an index.json of 100 MB without reading it", () =>
    inDirectory(async (directory) => {
      const there = await layoutOf(directory, "{");
      await truncate(join(directory, "index.json"), 100 * 1024 * 1024);
      await rejects(collect(there.names()), "too-large", /index\.json/);
    }));

  it("refuses another version", () =>
    inDirectory(async (directory) => {
      const empty = '{"schemaVersion":2,"manifests":[]}';
      const newer = await layoutOf(directory, empty, '{"imageLayoutVersion":"2.0.0"}');
      await rejects(collect(newer.names()), "unsupported", /version is "2.0.0"/);
      await rejects(putText(newer, "blob"), "unsupported");
      await rejects(collect((await layoutOf(directory, empty, "{}")).names()), "invalid-document");
      await rejects(collect((await layoutOf(directory, empty, "1.0.0 ")).names()), "invalid-document");
    }));

  it("takes null for no entries, and writes a list", () =>
    inDirectory(async (directory) => {
      const there = await layoutOf(directory, '{"schemaVersion":2,"manifests":null}');
      assert.deepEqual(await collect(there.roots()), []);
      const { digest } = await putImage(there, "first", { name: "v1" });
      const index = JSON.parse(await readFile(join(directory, "index.json"), "utf8"));
      assert.deepEqual(index.manifests.map((entry: { digest: Digest }) => entry.digest), [digest]);
    }));

  it("does without the file oci-layout until the first write", () =>
    inDirectory(async (directory) => {
      const there = await layoutOf(directory, '{"schemaVersion":2,"manifests":[]}');
      await rm(join(directory, "oci-layout"));
      assert.deepEqual(await collect(there.names()), []);
      await putText(there, "blob");
      assert.equal(await readFile(join(directory, "oci-layout"), "utf8"), marker);
    }));

  it("needs no write access for reading", () =>
    inDirectory(async (directory) => {
      const { digest } = await putImage(layout(directory), "kept", { name: "v1" });
      const files = await filesIn(directory);
      assert.ok(
        files.every((file) => /^(?:blobs\/|index\.json$|oci-layout$)/.test(file)),
        "nothing of ours stays",
      );
      await chmod(directory, 0o555);
      try {
        const there = layout(directory);
        assert.equal((await there.resolve("v1", { document: true })).descriptor.digest, digest);
        assert.equal((await there.resolve(digest)).descriptor.digest, digest);
        assert.match(await readText(there, { digest }), /schemaVersion/);
        await collect(there.referrers({ digest }));
        await collect(there.roots());
        assert.deepEqual(await collect(there.names()), ["v1"]);
      } finally {
        await chmod(directory, 0o755);
      }
      assert.deepEqual(await filesIn(directory), files);
    }));
});

describe("blobs of a layout", () => {
  it("are refused where they are no regular files, and put right by the next write", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const { digest } = await putText(there, "secret");
      const path = join(directory, "blobs", "sha256", digest.slice(7));
      await writeFile(join(directory, "elsewhere"), "secret");
      await rm(path);
      await symlink(join(directory, "elsewhere"), path);
      await rejects(there.open({ digest }), "invalid-document", /not a regular file/);
      await rejects(there.resolve(digest, { role: "blob" }), "invalid-document");
      await putText(there, "secret");
      assert.equal(await readText(there, { digest }), "secret");
      await rm(path);
      await mkdir(path);
      await rejects(there.open({ digest }), "invalid-document");
    }));

  it("are refused under a digest that leads elsewhere", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      await putText(there, "x");
      for (const digest of ["sha256:../../../etc/passwd", "md5:00", "../../oci-layout"] as Digest[]) {
        await assert.rejects(there.open({ digest }), (error) =>
          GantryError.is(error, "invalid-digest", "unsupported"));
      }
    }));

  it("are refused in another size than the descriptor's, and replaced by a write", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const blob = await putText(there, "twelve bytes");
      const path = join(directory, "blobs", "sha256", blob.digest.slice(7));
      await writeFile(path, "three");
      await rejects(there.open(blob), "size-mismatch", /5 bytes, expected 12/);
      await putText(there, "twelve bytes");
      assert.equal(await readText(there, blob), "twelve bytes");
    }));

  it("that are manifests are not trusted by their name", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const image = await putImage(there, "to be broken", { name: "v1" });
      const path = join(directory, "blobs", "sha256", image.digest.slice(7));
      await writeFile(path, "x".repeat(image.size));
      await rejects(there.resolve("v1", { document: true }), "digest-mismatch");
      assert.equal((await putImage(there, "to be broken")).digest, image.digest);
      assert.equal((await there.resolve("v1", { document: true })).descriptor.digest, image.digest);
    }));

  it("leave no file open, read whole, in part or not at all", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const blob = await putText(there, "z".repeat(1_000_000));
      await readText(there, blob);
      await (await there.open(blob)).cancel();
      const partly = (await there.open(blob)).getReader();
      await partly.read();
      await partly.cancel();
      const abort = new AbortController();
      const aborted = (await there.open(blob, { signal: abort.signal })).getReader();
      await aborted.read();
      abort.abort(new Error("enough"));
      await assert.rejects(aborted.read(), /enough/);
      await there.open(blob);
      await rm(join(directory, "blobs", "sha256", blob.digest.slice(7)));
      const gone = (await there.open(await putText(there, "gone"))).getReader();
      await rm(join(directory, "blobs"), { recursive: true });
      await rejects(gone.read(), "not-found");
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.deepEqual(await openFiles(directory), []);
    }));

  it("that shrink while they are read break the stream", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const blob = await putText(there, "z".repeat(1_000_000));
      const reader = (await there.open(blob)).getReader();
      await reader.read();
      await truncate(join(directory, "blobs", "sha256", blob.digest.slice(7)), 300_000);
      await rejects(
        (async () => {
          while (!(await reader.read()).done);
        })(),
        "size-mismatch",
      );
    }));

  it("are read no faster than they are wanted", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const blob = await putText(there, "z".repeat(3_000_000));
      const stream = await there.open(blob);
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.deepEqual(await openFiles(directory), []);
      const reader = stream.getReader();
      assert.ok((await reader.read()).value!.byteLength < 1_000_000);
      await reader.cancel();
    }));
});

/** The files below a directory that this process has open, as far as the system tells. */
async function openFiles(directory: string): Promise<string[]> {
  const numbers = await readdir("/proc/self/fd").catch(() => []);
  const paths = await Promise.all(
    numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => "")),
  );
  return paths.filter((path) => path.startsWith(directory));
}
