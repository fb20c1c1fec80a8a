/** The ids in the titles of tests are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** What stands behind each id. */
const explained = new Map(
  [...readFileSync(`${root}docs/quirks.md`, "utf8").matchAll(/^\| ([A-H]\d+) +\|(.*)$/gm)].map((
    [, id, row],
  ) => [id!, row!]),
);

/** The ids in the titles of the tests below a directory, with the files that have them. */
function idsBelow(directory: string): { name: string; id: string }[] {
  return readdirSync(`${root}${directory}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("_test.ts"))
    .flatMap((name) => {
      const text = readFileSync(`${root}${directory}/${name}`, "utf8");
      const titles = text.match(/\b(?:it|describe)\(\s*["`].*/g) ?? [];
      const ids = titles.flatMap((title) => title.match(/\b[A-H]\d{1,2}\b/g) ?? []);
      return ids.map((id) => ({ name, id }));
    });
}

describe("quirks in the titles of tests", () => {
  it("are explained in docs/quirks.md", () => {
    const unknown = idsBelow("tests").filter(({ id }) => !explained.has(id));
    assert.deepEqual(unknown.map(({ name, id }) => `${name}: ${id}`), []);
    assert.ok(explained.size > 200);
  });

  it("are all that registries and runtimes have, or docs/quirks.md says why not", () => {
    const tested = new Set(
      ["tests/hostile", "tests/keychain", "tests/server", "tests/cli"].flatMap((directory) =>
        idsBelow(directory).map(({ id }) => id)
      ),
    );
    const left = [...explained].filter(([id, row]) =>
      /^[A-EH]/.test(id) && tested.has(id) === row.includes("not over a socket")
    );
    assert.deepEqual(left.map(([id]) => id), []);
  });
});
