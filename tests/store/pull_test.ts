import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { server } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { store } from "../../src/store/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { inDirectory, putImage, start } from "./support.ts";

describe("pulls into a store on a disk", () => {
  it("of one blob at once share its download, in one process and in several", () =>
    inDirectory(async (directory) => {
      const target = memory();
      const image = emptyImage().append(layer(randomBytes(2_000_000), { compression: "none" }));
      await copy(image, target, { name: "v1" });
      const answer = server({ repositories: () => target });
      const fetched: string[] = [];
      const listening = await listen(async (request) => {
        const { pathname } = new URL(request.url);
        if (request.method === "GET" && pathname.includes("/blobs/")) {
          fetched.push(pathname);
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
        return await answer(request);
      });
      try {
        const { host } = new URL(listening.url);
        const [digest] = await Promise.all((await image.layers()).map((one) => one.digest()));
        const ofLayer = () => fetched.filter((path) => path.endsWith(digest!)).length;
        const children = [1, 2, 3].map((n) =>
          start("../store/pull_child.ts", join(directory, "store"), host, `app:v${n}`)
        );
        for (const child of children) await child.done();
        assert.equal(ofLayer(), 1);
        await using there = store(join(directory, "other"));
        const { registry } = await import("../../src/registry/mod.ts");
        const pulls = [1, 2].map((n) => there.pull(registry(`${host}/app`), `app:v${n}`, { name: "v1" }));
        await Promise.all(pulls);
        assert.equal(ofLayer(), 2);
      } finally {
        await listening.close();
      }
    }));
});

describe("imports into a store on a disk", () => {
  it("put tags and what has no name into the base, or leave them out", () =>
    inDirectory(async (directory) => {
      const images = layout(join(directory, "layout"));
      const tagged = await putImage(images, "one", { name: "v1" });
      await putImage(images, "two", { name: "ghcr.io/acme/two:v2" });
      await putImage(images, "three", { name: "docker.io/acme/three:v3" });
      const unnamed = await putImage(images, "four");
      const names = async (options: object) => {
        await using there = store(join(directory, crypto.randomUUID()));
        return (await there.import(images, options)).map(({ name }) => name).sort();
      };
      const others = ["docker.io/acme/three:v3", "ghcr.io/acme/two:v2"];
      assert.deepEqual(await names({}), others);
      const base = "docker.io/acme/app";
      assert.deepEqual(
        await names({ base: "acme/app" }),
        [...others, `${base}:v1`, `${base}@${unnamed.digest}`].sort(),
      );
      assert.ok((await names({ base, digests: true })).includes(`${base}@${tagged.digest}`));
      assert.deepEqual(
        await names({ base: "ghcr.io/acme/two", onlyBase: true }),
        [
          "ghcr.io/acme/two:v1",
          "ghcr.io/acme/two:v2",
          `ghcr.io/acme/two@${unnamed.digest}`,
        ].sort(),
      );
      await rejects(names({ digests: true }), "invalid-argument");
    }));
});
