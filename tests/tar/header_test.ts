import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { sameBytes, utf8 } from "../../src/bytes.ts";
import { readNumber, writeNumber } from "../../src/tar/numbers.ts";
import { formatPaxRecord, formatPaxTime, parsePax, parsePaxRecord, parsePaxTime } from "../../src/tar/pax.ts";
import fc from "fast-check";
import { GantryError } from "../../src/errors.ts";
import { needsFixtures, table } from "../support/fixtures.ts";
import { file, written } from "./tools.ts";

type Text = string | { base64: string };

interface Case {
  rule: string;
  input?: Text;
  ok: boolean;
  value?: number | Text | { sec: number; nsec: number };
  rest?: Text;
  key?: Text;
  output?: Text;
  records?: Record<string, Text>;
}

describe("the field codecs of Go's archive/tar", needsFixtures, () => {
  const cases = needsFixtures.skip ? [] : table<Case>("tar-header-fields");

  it("numeric", () => {
    for (const { input, ok, value } of of("numeric")) {
      const field = bytes(input!);
      assert.equal(
        readNumber(field, 0, field.length),
        ok ? exact(value as number | string) : undefined,
        shown(input),
      );
    }
  });

  it("pax-time", () => {
    for (const { input, ok, value } of of("pax-time")) {
      const time = parsePaxTime(bytes(input!));
      const { sec, nsec } = (value ?? { sec: 0, nsec: 0 }) as { sec: number; nsec: number };
      // Go counts both from zero, we count nanoseconds up from the second.
      const expected = nsec < 0
        ? { seconds: sec - 1, nanoseconds: 1e9 + nsec }
        : { seconds: sec, nanoseconds: nsec };
      assert.deepEqual(time, ok ? expected : undefined, shown(input));
    }
  });

  it("pax-record", () => {
    for (const { input, ok, key, value, rest } of of("pax-record")) {
      const body = bytes(input!);
      if (!ok) assert.throws(() => parsePaxRecord(body, 0, fail), shown(input));
      else {
        const record = parsePaxRecord(body, 0, fail);
        assert.ok(sameBytes(utf8(record.key), bytes(key!)), shown(input));
        assert.ok(sameBytes(record.value, bytes(value as Text)), shown(input));
        assert.ok(sameBytes(body.subarray(record.end), bytes(rest!)), shown(input));
      }
    }
  });

  it("format-pax-record", async () => {
    for (const { key, value, ok, output } of of("format-pax-record")) {
      const [text, content] = [new TextDecoder().decode(bytes(key!)), bytes(value as Text)];
      if (ok) assert.ok(sameBytes(formatPaxRecord(text, content), bytes(output!)), text);
      else {
        // The writer refuses it, before records are made.
        const item = file("a", "", { pax: new Map([[text, content]]) });
        await assert.rejects(written([item]), GantryError, text);
      }
    }
  });

  it("parse-pax", () => {
    for (const { input, ok, records } of of("parse-pax")) {
      if (!ok) assert.throws(() => parsePax(bytes(input!), fail), shown(input));
      else {
        const found = [...parsePax(bytes(input!), fail)].map((
          [key, value],
        ) => [key, new TextDecoder().decode(value)]);
        assert.deepEqual(Object.fromEntries(found), records ?? {}, shown(input));
      }
    }
  });

  it("has no rule that is not tried", () => {
    assert.deepEqual(
      [...new Set(cases.map(({ rule }) => rule))].sort(),
      ["format-pax-record", "numeric", "parse-pax", "pax-record", "pax-time"],
    );
  });

  function of(rule: string): Case[] {
    return cases.filter((one) => one.rule === rule);
  }
});

describe("numbers", () => {
  it("round trip in octal and base-256", () => {
    fc.assert(fc.property(fc.maxSafeInteger(), fc.constantFrom(8, 12), (number, length) => {
      const field = new Uint8Array(length + 2);
      writeNumber(field, 1, length, number);
      assert.equal(readNumber(field, 1, length), number);
      assert.deepEqual([field[0], field.at(-1)], [0, 0]);
    }));
  });

  it("stay octal as long as they fit", () => {
    const field = new Uint8Array(8);
    writeNumber(field, 0, 8, 0o7777777);
    assert.equal(new TextDecoder().decode(field), "7777777\0");
    writeNumber(field, 0, 8, 0o10000000);
    assert.equal(field[0], 0x80);
  });
});

describe("times", () => {
  it("round trip", () => {
    const seconds = fc.integer({ min: -1e12, max: 1e12 });
    fc.assert(fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (seconds, nanoseconds) => {
      assert.deepEqual(parsePaxTime(utf8(formatPaxTime({ seconds, nanoseconds }))), { seconds, nanoseconds });
    }));
  });

  it("are written short", () => {
    assert.equal(formatPaxTime({ seconds: 1, nanoseconds: 500_000_000 }), "1.5");
    assert.equal(formatPaxTime({ seconds: -2, nanoseconds: 500_000_000 }), "-1.5");
    assert.equal(formatPaxTime({ seconds: -2, nanoseconds: 0 }), "-2");
    assert.equal(formatPaxTime({ seconds: -1, nanoseconds: 999_999_999 }), "-0.000000001");
  });
});

function fail(reason: string): never {
  throw new Error(reason);
}

function bytes(text: Text): Bytes {
  return typeof text === "string" ? utf8(text) : new Uint8Array(Buffer.from(text.base64, "base64"));
}

/** Numbers that JSON's readers would round are in the table as text. */
function exact(value: number | string): number | bigint {
  return typeof value === "string" ? BigInt(value) : value;
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}
