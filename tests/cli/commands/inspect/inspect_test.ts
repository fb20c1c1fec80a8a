import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { artifact, layer, setSubject } from "../../../../src/image/mod.ts";
import { imageOf, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry inspect", () => {
  it("tells on one page what an image is", () =>
    withRegistry(async ({ gantry, host, log, repository }) => {
      const image = imageOf("one").configure({
        env: { A: "\u001b[31m" },
        labels: { l: "1" },
        entrypoint: ["/e", "a b"],
        created: "2020-01-01T00:00:00Z",
      });
      await copy(image, repository("app"), { name: "v1" });
      log.length = 0;
      const page = printed(await gantry("inspect", `${host}/app:v1`));
      assert.deepEqual(log.map((line) => line.split(" ")[0]), ["GET", "GET"]);
      for (
        const words of [
          new RegExp(`^Digest +${await image.digest()}$`, "m"),
          /^Platform +linux\/amd64$/m,
          /^Created +2020-01-01T00:00:00Z$/m,
          /^Entrypoint +"\/e" "a b"$/m,
          /^ {2}A=\\u001b\[31m$/m,
          /^ {2}l {2}1$/m,
          /^ {2}sha256:[0-9a-f]{64} {2}\d+ B$/m,
        ]
      ) assert.match(page, words);
      const report = JSON.parse(printed(await gantry("inspect", "--json", `${host}/app:v1`)));
      assert.deepEqual([report.digest, report.image.platform], [await image.digest(), "linux/amd64"]);
      assert.equal(report.image.layers.length, 1);
    }));

  it("tells what an index names, and what an artifact is", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await writeIndex(repository("multi"), "v1");
      const page = printed(await gantry("inspect", `${host}/multi:v1`));
      assert.match(page, /^ {2}sha256:[0-9a-f]{64} {2}\d+ B {2}linux\/arm64$/m);
      assert.match(
        printed(await gantry("inspect", "--platform", "linux/arm64", `${host}/multi:v1`)),
        /linux\/arm64/,
      );
      const note = artifact("application/vnd.example", {
        layers: [layer(new Uint8Array(5), { compression: "none" })],
      });
      await copy(note, repository("note"), { name: "v1" });
      assert.match(
        printed(await gantry("inspect", `${host}/note:v1`)),
        /^Artifact type +application\/vnd\.example$/m,
      );
    }));
});

describe("gantry tree", () => {
  it("shows the graph, with what refers to it", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const descriptor = await writeIndex(repository("multi"), "v1");
      const note = artifact("application/vnd.example").edit(setSubject(descriptor));
      await copy(note, repository("multi"));
      const printedTree = Buffer.from(printed(await gantry("tree", `${host}/multi:v1`)), "latin1").toString(
        "utf8",
      );
      const lines = printedTree.trimEnd().split("\n");
      assert.match(lines[0]!, new RegExp(`^${descriptor.digest} \\d+ B application/vnd.oci.image.index`));
      assert.match(lines[1]!, /^├── linux\/amd64 sha256:/);
      assert.match(lines[2]!, /^│ {3}├── config sha256:/);
      assert.match(lines[3]!, /^│ {3}└── layer sha256:/);
      assert.ok(lines.some((line) => line.startsWith("└── referrer application/vnd.example sha256:")));
      const without = printed(await gantry("tree", "--no-referrers", `${host}/multi:v1`));
      assert.doesNotMatch(without, /referrer/);
      const node = JSON.parse(printed(await gantry("tree", "--json", `${host}/multi:v1`)));
      assert.deepEqual(node.children.map(({ role }: { role: string }) => role), [
        "linux/amd64",
        "linux/arm64",
        "referrer application/vnd.example",
      ]);
    }));
});
