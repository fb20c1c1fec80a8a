import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { openRoot, validate } from "../../../../src/image/mod.ts";
import {
  imageOf,
  manifestAt,
  printed,
  type RegistryFixture,
  withRegistry,
  writeIndex,
} from "../../gantry.ts";

interface Fixture extends RegistryFixture {
  /** What an index in the repository `multi` names: `amd64 arm64`. */
  platforms(tag: string): Promise<string>;
}

function withIndex(work: (fixture: Fixture) => Promise<void>): Promise<void> {
  return withRegistry(async (fixture) => {
    const { repository } = fixture;
    await writeIndex(repository("multi"), "v1");
    await copy(imageOf("for s390x", "s390x"), repository("app"), { name: "v1" });
    await work({
      ...fixture,
      async platforms(tag) {
        assert.deepEqual(await validate(await openRoot(repository("multi"), tag)), []);
        const { manifests } = JSON.parse(await manifestAt(repository("multi"), tag));
        return manifests.map(({ platform }: { platform?: { architecture: string } }) =>
          platform?.architecture ?? "-"
        )
          .join(" ");
      },
    });
  });
}

describe("gantry index", () => {
  it("appends images, indexes, tarballs and layouts", () =>
    withIndex(async ({ gantry, host, platforms, repository }) => {
      const [multi, app] = [`${host}/multi:v1`, `${host}/app:v1`];
      printed(await gantry("pull", app, "app.tar"));
      printed(await gantry("pull", "--format", "oci", app, "layout"));
      const out = printed(await gantry("index", "append", multi, "-m", app, "-t", `${host}/multi:v2`));
      assert.equal(out, `${host}/multi@${(await repository("multi").resolve("v2")).descriptor.digest}\n`);
      assert.equal(await platforms("v2"), "amd64 arm64 s390x");
      printed(await gantry("index", "append", "-m", `app.tar,layout`, "-m", multi, "-t", `${host}/multi:v3`));
      assert.equal(await platforms("v3"), "s390x s390x amd64 arm64");
      printed(await gantry("index", "append", multi, multi, "--flatten=false", "-t", `${host}/multi:v4`));
      assert.equal(await platforms("v4"), "amd64 arm64 -");
      printed(await gantry("index", "append", multi, "-m", app));
      assert.equal(await platforms("v1"), "amd64 arm64 s390x");
      printed(await gantry("index", "append", "./new", "-m", app));
      assert.match(
        printed(await gantry("index", "list", "new")),
        /sha256:[^\n]* application\/vnd\.oci\.image\.manifest/,
      );
      const { code, stderr } = await gantry("index", "append", "-m", app);
      assert.deepEqual([code, /a base or --tag is needed/.test(stderr)], [1, true]);
    }));

  it("filters, removes, annotates and lists", () =>
    withIndex(async ({ gantry, host, platforms, repository }) => {
      const multi = `${host}/multi:v1`;
      const to = (tag: string) => ["-t", `${host}/multi:${tag}`];
      printed(await gantry("index", "filter", multi, "--platform", "linux/arm64", ...to("f")));
      assert.equal(await platforms("f"), "arm64");
      printed(
        await gantry(
          "index",
          "filter",
          multi,
          "--platform",
          "linux/arm64",
          "--platform",
          "linux/amd64",
          ...to("f"),
        ),
      );
      assert.equal(await platforms("f"), "amd64 arm64");
      const { code, stderr } = await gantry("index", "filter", multi, "--platform", "windows", ...to("none"));
      assert.deepEqual([code, /nothing is left of 2 manifests/.test(stderr)], [1, true]);
      await assert.rejects(repository("multi").resolve("none"));
      const lines = printed(await gantry("index", "list", multi)).split("\n");
      assert.equal(lines[0], `${"Digest".padEnd(70)} ${"MediaType".padEnd(20)} Platform`);
      assert.match(
        lines[1]!,
        /^sha256:[0-9a-f]{64} application\/vnd\.oci\.image\.manifest\.v1\+json linux\/amd64$/,
      );
      printed(await gantry("index", "remove", multi, lines[1]!.split(" ")[0]!, ...to("r")));
      assert.equal(await platforms("r"), "arm64");
      assert.equal((await gantry("index", "remove", multi, "linux/386", ...to("r"))).code, 1);
      printed(await gantry("index", "annotate", multi, "-a", "k=v"));
      printed(await gantry("index", "annotate", multi, "linux/arm64", "-a", "only=this"));
      const { annotations, manifests } = JSON.parse(await manifestAt(repository("multi"), "v1"));
      assert.deepEqual(annotations, { k: "v" });
      assert.deepEqual(manifests.map(({ annotations }: { annotations?: unknown }) => annotations), [
        undefined,
        { only: "this" },
      ]);
      assert.equal((await gantry("index", "list", `${host}/app:v1`)).code, 1);
      assert.equal(JSON.parse(printed(await gantry("index", "list", "--json", multi))).length, 2);
    }));

  it("creates indexes, of images or of artifacts", () =>
    withIndex(async ({ gantry, host, platforms, repository }) => {
      const [multi, app] = [`${host}/multi:v1`, `${host}/app:v1`];
      const flags = ["-a", "k=v", "--artifact-type", "application/vnd.example", "--subject", app];
      printed(await gantry("index", "create", "-t", `${host}/multi:c`, ...flags, app, multi));
      assert.equal(await platforms("c"), "s390x amd64 arm64");
      const { annotations, artifactType, subject } = JSON.parse(await manifestAt(repository("multi"), "c"));
      assert.deepEqual([annotations, artifactType], [{ k: "v" }, "application/vnd.example"]);
      assert.equal(subject.digest, (await repository("app").resolve("v1")).descriptor.digest);
      printed(await gantry("index", "create", "-t", `${host}/multi:d`, "--docker", "--no-flatten", multi));
      assert.equal(await platforms("d"), "-");
    }));
});
