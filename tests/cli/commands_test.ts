import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { openImage } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import deno from "../../deno.json" with { type: "json" };
import { configAt, digestAt, imageOf, inYard, manifestAt, type Ran, writeIndex } from "./gantry.ts";

/** What a run printed that went well and said nothing else. */
function printed({ code, stdout, stderr }: Ran): string {
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

describe("gantry", () => {
  it("prints its version", () =>
    inYard(async ({ gantry }) => {
      assert.equal(printed(await gantry("version")), `${deno.version}\n`);
    }));

  it("prints help where it is asked for, or for nothing", () =>
    inYard(async ({ gantry }) => {
      for (const args of [[], ["--help"], ["registry"]]) {
        assert.match(printed(await gantry(...args)), /^Usage: gantry/, args.join(" "));
      }
      assert.match(printed(await gantry("copy", "--help")), /--all-tags/);
    }));

  it("tells digests, manifests and configs", () =>
    inYard(async ({ gantry, host, repository }) => {
      const app = repository("some/app");
      await copy(imageOf("one"), app, { name: "v1" });
      const digest = await digestAt(app, "v1");
      const name = `${host}/some/app:v1`;
      assert.equal(printed(await gantry("digest", name)), `${digest}\n`);
      assert.equal(printed(await gantry("digest", "--full-ref", name)), `${host}/some/app@${digest}\n`);
      assert.equal(printed(await gantry("manifest", name)), await manifestAt(app, "v1"));
      assert.equal(
        printed(await gantry("manifest", `${host}/some/app@${digest}`)),
        await manifestAt(app, "v1"),
      );
      assert.equal(printed(await gantry("config", `docker://${name}`)), await configAt(app, "v1"));
    }));

  it("chooses of an index by --platform", () =>
    inYard(async ({ gantry, host, repository }) => {
      const { digest } = await writeIndex(repository("app"), "v1");
      const arm = await openImage(repository("app"), "v1", {
        platform: { os: "linux", architecture: "arm64" },
      });
      const name = `${host}/app:v1`;
      assert.equal(printed(await gantry("digest", name)), `${digest}\n`);
      assert.equal(printed(await gantry("digest", name, "--platform", "all")), `${digest}\n`);
      assert.equal(
        printed(await gantry("--platform=linux/arm64", "digest", name)),
        `${await arm.digest()}\n`,
      );
      const manifest = new TextDecoder().decode(await arm.rawManifest());
      assert.equal(printed(await gantry("manifest", name, "--platform", "linux/arm64/v8")), manifest);
      assert.match(printed(await gantry("config", name)), /"architecture":"amd64"/);
      assert.match(
        printed(await gantry("config", name, "--platform", "linux/arm64")),
        /"architecture":"arm64"/,
      );
    }));

  it("lists tags and repositories", () =>
    inYard(async ({ gantry, host, repository }) => {
      for (const tag of ["v1", "v2", "sha256-abc.sig"]) {
        await copy(imageOf("one"), repository("app"), { name: tag });
      }
      await copy(imageOf("two"), repository("lib/base"), { name: "latest" });
      assert.equal(printed(await gantry("ls", `${host}/app`)), "sha256-abc.sig\nv1\nv2\n");
      assert.equal(
        printed(await gantry("ls", "-O", "--full-ref", `${host}/app`)),
        `${host}/app:v1\n${host}/app:v2\n`,
      );
      assert.equal(printed(await gantry("catalog", host)), "app\nlib/base\n");
      assert.equal(printed(await gantry("catalog", "--full-ref", host)), `${host}/app\n${host}/lib/base\n`);
    }));

  it("writes blobs to standard output", () =>
    inYard(async ({ gantry, host, repository }) => {
      const image = imageOf("one\xff");
      await copy(image, repository("app"), { name: "v1" });
      const [layer] = await image.layers();
      const bytes = new Uint8Array(await new Response(await layer!.compressed()).arrayBuffer());
      const stdout = printed(await gantry("blob", `${host}/app@${await layer!.digest()}`));
      assert.equal(stdout, Buffer.from(bytes).toString("latin1"));
    }));

  it("tags and deletes", () =>
    inYard(async ({ gantry, host, repository }) => {
      const app = repository("app");
      await copy(imageOf("one"), app, { name: "v1" });
      const digest = await digestAt(app, "v1");
      assert.equal(printed(await gantry("tag", `${host}/app:v1`, "v2")), "");
      assert.equal(await digestAt(app, "v2"), digest);
      assert.equal(printed(await gantry("delete", `${host}/app:v2`)), "");
      await assert.rejects(app.resolve("v2"));
      assert.equal(await digestAt(app, "v1"), digest);
      assert.equal(printed(await gantry("delete", `${host}/app@${digest}`)), "");
      await assert.rejects(app.resolve(digest));
    }));

  it("copies images and whole indexes, mounting what it can", () =>
    inYard(async ({ gantry, host, log, repository }) => {
      const { digest } = await writeIndex(repository("from"), "v1");
      assert.equal(printed(await gantry("copy", `${host}/from:v1`, `${host}/to:v1`)), "");
      assert.equal(await digestAt(repository("to"), "v1"), digest);
      assert.ok(!log.some((line) => line.startsWith("PATCH")), log.join("\n"));
      printed(await gantry("cp", `${host}/from:v1`, `${host}/one:v1`, "--platform", "linux/arm64"));
      const arm = await openImage(repository("from"), "v1", {
        platform: { os: "linux", architecture: "arm64" },
      });
      assert.equal(await digestAt(repository("one"), "v1"), await arm.digest());
    }));

  it("copies all tags, and clobbers none when told not to", () =>
    inYard(async ({ gantry, host, repository }) => {
      for (const tag of ["v1", "v2"]) await copy(imageOf(tag), repository("from"), { name: tag });
      await copy(imageOf("older"), repository("to"), { name: "v1" });
      const older = await digestAt(repository("to"), "v1");
      printed(await gantry("copy", "-a", "-n", "-j", "2", `${host}/from`, `${host}/to`));
      assert.equal(await digestAt(repository("to"), "v1"), older);
      assert.equal(await digestAt(repository("to"), "v2"), await digestAt(repository("from"), "v2"));
      const refused = await gantry("copy", "-n", `${host}/from:v1`, `${host}/to:v1`);
      assert.equal(refused.code, 1);
      assert.equal(
        refused.stderr,
        `Error: copy ${host}/from:v1: refusing to clobber existing tag ${host}/to:v1@${older}\n`,
      );
      printed(await gantry("copy", "-a", `${host}/from`, `${host}/to`));
      assert.equal(await digestAt(repository("to"), "v1"), await digestAt(repository("from"), "v1"));
    }));

  it("pulls into OCI layouts and pushes them", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
      const { digest } = await writeIndex(repository("app"), "v1");
      await copy(imageOf("one"), repository("app"), { name: "one" });
      const one = await digestAt(repository("app"), "one");
      printed(await gantry("pull", "--format", "oci", `${host}/app:v1`, "images"));
      const index = JSON.parse(await readFile(join(directory, "images/index.json"), "utf8"));
      assert.deepEqual(index.manifests.map((entry: { digest: string }) => entry.digest), [digest]);

      const pushed = await gantry("push", "images", `${host}/back:v1`, "--image-refs", "refs");
      assert.equal(printed(pushed), `${host}/back@${digest}\n`);
      assert.equal(await readFile(join(directory, "refs"), "utf8"), `${host}/back@${digest}`);
      assert.equal(await digestAt(repository("back"), "v1"), digest);

      printed(await gantry("pull", "--format=oci", "--annotate-ref", `${host}/app:one`, "images"));
      assert.equal(await digestAt(layout(join(directory, "images")), `${host}/app:one`), one);
      const two = await gantry("push", "images", `${host}/back:v2`);
      assert.equal(two.code, 1);
      assert.match(two.stderr, /^Error: push "images": it holds 2 images.*--index\n$/);
      const whole = printed(await gantry("push", "--index", "images", `${host}/back:v2`)).trim();
      assert.equal(whole, `${host}/back@${await digestAt(repository("back"), "v2")}`);
      assert.equal(
        await manifestAt(repository("back"), "v2"),
        await readFile(join(directory, "images/index.json"), "utf8"),
      );
    }));

  it("takes layouts by skopeo's names", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const digest = await digestAt(repository("app"), "v1");
      printed(await gantry("copy", `${host}/app:v1`, "oci:a:one"));
      printed(await gantry("pull", `${host}/app:v1`, "oci:b:two"));
      assert.equal(await digestAt(layout(join(directory, "a")), "one"), digest);
      assert.equal(await digestAt(layout(join(directory, "b")), "two"), digest);
      assert.equal(printed(await gantry("digest", "oci:a:one")), `${digest}\n`);
      assert.equal(printed(await gantry("ls", "oci:b")), "two\n");
      printed(await gantry("copy", "oci:a", "oci:b:three"));
      printed(await gantry("push", "oci:b:three", `${host}/back:v1`));
      assert.equal(await digestAt(repository("back"), "v1"), digest);
      printed(await gantry("copy", "-a", "oci:b", `${host}/all`));
      assert.equal(await digestAt(repository("all"), "three"), digest);
      assert.ok(!existsSync(join(directory, "a:one")));
    }));
});
