import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { openRoot } from "../../../../src/image/mod.ts";
import { imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry attach", () => {
  it("pushes files that refer to an image", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      const { descriptor } = await copy(imageOf("one"), repository("app"), { name: "v1" });
      await writeFile(join(directory, "sbom.json"), "{}");
      await writeFile(join(directory, "note:1"), "note");
      const type = "application/spdx+json";
      const args = ["--artifact-type", type, "-a", "by=me, myself", `${host}/app:v1`];
      const attached = printed(await gantry("attach", ...args, `sbom.json:${type}`, "note:1"));
      assert.match(attached, new RegExp(`^${host}/app@sha256:[0-9a-f]{64}\n$`));
      const [, digest] = attached.trim().split("@");
      assert.equal(printed(await gantry("referrers", `${host}/app:v1`)), `${digest} ${type}\n`);
      const root = await openRoot(repository("app"), digest!);
      const manifest = JSON.parse(new TextDecoder().decode(await root.rawManifest()));
      assert.deepEqual([manifest.artifactType, manifest.subject.digest, manifest.annotations], [
        type,
        descriptor.digest,
        { by: "me, myself" },
      ]);
      assert.deepEqual(
        manifest.layers.map((
          layer: { mediaType: string; size: number; annotations: Record<string, string> },
        ) => [
          layer.mediaType,
          layer.size,
          layer.annotations["org.opencontainers.image.title"],
        ]),
        [[type, 2, "sbom.json"], ["application/octet-stream", 4, "note:1"]],
      );
    }));

  it("says what is missing", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const type = ["--artifact-type", "application/spdx+json"];
      const runs: [args: string[], words: RegExp][] = [
        [[`${host}/app:v1`], /required option '--artifact-type <type>' not specified/],
        [[...type, `${host}/app:v1`, "none"], /attach "none": no such file/],
        [[...type, `${host}/app:v2`], /app:v2/],
        [["--artifact-type", "sbom", `${host}/app:v1`], /"sbom" is no media type/],
      ];
      for (const [args, words] of runs) {
        const { code, stderr } = await gantry("attach", ...args);
        assert.equal(code, 1, args.join(" "));
        assert.match(stderr, words);
      }
    }));
});
