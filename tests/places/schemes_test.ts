import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  parseContainer,
  parsePathPlace,
  parsePlace,
  pathUsage,
  placeUsage,
  recognizePath,
  schemes,
  targetOf,
} from "../../src/places/schemes.ts";
import { registries } from "../../src/registry/mod.ts";
import { inDirectory } from "../support/directory.ts";
import { fails } from "../../src/testing/errors.ts";

const prefixes = schemes.flatMap((scheme) => scheme.prefixes);

describe("parsePlace", () => {
  it("gives each prefix its kind, and registries what has none", () => {
    for (const scheme of schemes) {
      for (const prefix of scheme.prefixes) {
        assert.equal(parsePlace(`${prefix}images`).scheme, scheme, prefix);
      }
    }
    const { scheme, container, name, reference } = parsePlace("alpine");
    assert.equal(scheme, parsePlace("docker://alpine").scheme);
    assert.deepEqual([container, name], ["docker.io/library/alpine", "latest"]);
    assert.equal(reference?.repository, "library/alpine");
  });

  it("lists the kinds there are for what is none of them", () => {
    for (const text of ["containers-storage:alpine", "oci://a/b", "docker-archive://a"]) {
      assert.throws(() => parsePlace(text), (error: Error) => {
        for (const prefix of prefixes) {
          assert.ok(error.message.includes(prefix), `${error.message}: ${prefix}`);
        }
        return fails("unsupported", /no such kind of place; there are registry\/name:tag, .* and [a-z-]+:$/)(
          error,
        );
      });
    }
  });
});

describe("parseContainer", () => {
  it("takes places without the name of an image alone", () => {
    assert.equal(parseContainer("localhost:5000/app").container, "localhost:5000/app");
    assert.equal(parseContainer("oci:images").container, "oci:images");
    assert.throws(() => parseContainer("oci:images:v1"), fails("invalid-name", /all of a layout is meant$/));
    assert.throws(() => parseContainer("app:v1"), fails("invalid-name", /app:v1/));
  });
});

describe("parsePathPlace", () => {
  it("leaves paths and references alone", () => {
    assert.equal(parsePathPlace("oci:images:v1")?.name, "v1");
    for (const text of ["images", "./oci:images", "docker://alpine", "app.tar"]) {
      assert.equal(parsePathPlace(text), undefined, text);
    }
  });
});

describe("recognizePath", () => {
  it("tells layouts and archives apart, and knows nothing of other directories", () =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, "layout"));
      await writeFile(join(directory, "layout/index.json"), "{}");
      await writeFile(join(directory, "app.tar"), "");
      const containerAt = async (name: string) => (await recognizePath(join(directory, name)))?.container;
      assert.equal(await containerAt("layout"), `oci:${join(directory, "layout")}`);
      assert.equal(await containerAt("app.tar"), `docker-archive:${join(directory, "app.tar")}`);
      assert.equal(await containerAt(""), undefined);
      assert.equal(await containerAt("nothing"), undefined);
    }));
});

describe("targetOf", () => {
  it("refuses kinds that are written whole", () => {
    const clients = { registry: registries() };
    assert.equal(typeof targetOf(parsePlace("oci:images"), "oci:images", clients).write, "function");
    const text = "oci-archive:app.tar";
    assert.throws(
      () => targetOf(parsePlace(text), text, clients),
      fails("unsupported", /^open "oci-archive:app.tar": an archive, which is read or written whole$/),
    );
  });
});

describe("the list of kinds", () => {
  it("has all that help tells of places", () => {
    for (const scheme of schemes) {
      if (scheme.kind !== "path") continue;
      for (const prefix of scheme.prefixes) assert.ok(pathUsage().includes(prefix), pathUsage());
    }
    assert.match(placeUsage, /^REGISTRY\/NAME:TAG, or oci:, .*PATH\[:NAME\]$/);
  });

  it("is the one place in the sources where prefixes stand", () => {
    const root = fileURLToPath(new URL("../../src", import.meta.url));
    const wrong: string[] = [];
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || name.startsWith(`places${sep}`)) continue;
      for (const text of stringsIn(readFileSync(join(root, name), "utf8"))) {
        const found = prefixes.find((prefix) => new RegExp(`(?<![\\w-])${prefix}(?!//)`).test(text));
        if (found !== undefined) wrong.push(`${name}: ${text}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});

/** The string literals of a source. */
function stringsIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
  return code.match(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? [];
}
