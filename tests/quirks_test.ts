/** The ids in the titles of tests are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const explained = new Set(
  readFileSync(`${root}docs/quirks.md`, "utf8").match(/(?<=^\| )[A-H]\d+(?= )/gm),
);

describe("quirks in the titles of tests", () => {
  it("are explained in docs/quirks.md", () => {
    const unknown = readdirSync(`${root}tests`, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith("_test.ts"))
      .flatMap((name) => {
        const titles = readFileSync(`${root}tests/${name}`, "utf8").match(/\b(?:it|describe)\(\s*["`].*/g) ??
          [];
        const ids = titles.flatMap((title) => title.match(/\b[FG]\d{1,2}\b/g) ?? []);
        return ids.filter((id) => !explained.has(id)).map((id) => `${name}: ${id}`);
      });
    assert.deepEqual(unknown, []);
    assert.ok(explained.size > 40);
  });
});
