import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { utf8 } from "../../../src/bytes.ts";
import { anyFilter } from "../../../src/store/filter/filter.ts";
import { Scanner, type TokenKind } from "../../../src/store/filter/scanner.ts";
import { fails } from "../../../src/testing/errors.ts";
import { fixture, needsFixtures, table } from "../../support/fixtures.ts";

interface FilterCase {
  name: string;
  input: string;
  expected?: number[];
  error?: string;
}

interface Thing {
  name: string;
  other?: string;
  labels?: Record<string, string>;
}

interface TokenCase {
  name: string;
  input: string;
  tokens: { pos: number; kind: string; text: string; err: string | null }[];
}

function fields(from: Thing, path: readonly string[]): string | undefined {
  const [field, ...rest] = path;
  if (field === "labels") return from.labels?.[rest.join(".")];
  return field === "name" ? from.name : field === "other" ? from.other : undefined;
}

describe("filters table", needsFixtures, () => {
  for (const { name, input, expected, error } of table<FilterCase>("filters")) {
    it(`${name} ${input}`, () => {
      const { corpus } = JSON.parse(readFileSync(fixture("tables/filters.json"), "utf8")) as {
        corpus: Thing[];
      };
      if (error !== undefined) {
        // What is before, at and behind the place stands in the message as it does in containerd's.
        const place = /\[.*\]/.exec(error)![0];
        return assert.throws(
          () => anyFilter(input, fields),
          (thrown: Error) => fails("invalid-argument")(thrown) && thrown.message.includes(place),
        );
      }
      const matches = anyFilter(input, fields);
      assert.deepEqual(corpus.flatMap((thing, i) => matches(thing) ? [i] : []), expected);
    });
  }
});

describe("filter-tokens table", needsFixtures, () => {
  for (const { name, input, tokens } of table<TokenCase>("filter-tokens")) {
    it(name, () => {
      const scanner = new Scanner(input);
      const found = [];
      for (let kind: TokenKind | undefined, text: string, at: number; kind !== "EOF";) {
        let problem: string | null;
        ({ kind, text, at, problem = null } = scanner.next());
        // The table counts bytes.
        found.push({ pos: utf8(input.slice(0, at)).byteLength, kind, text, err: problem });
      }
      assert.deepEqual(found, tokens);
    });
  }
});
