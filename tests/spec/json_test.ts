import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { utf8 } from "../../src/bytes.ts";
import { formatJson, parseJson } from "../../src/spec/mod.ts";

const parse = (text: string) => parseJson(utf8(text), "example");
const format = (value: unknown) => new TextDecoder().decode(formatJson(value));
const again = (text: string) => format(parse(text));

describe("parseJson", () => {
  it("reads what JSON.parse reads", () => {
    fc.assert(fc.property(fc.jsonValue(), fc.constantFrom(0, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parse(text), JSON.parse(text));
    }));
  });

  it("refuses what JSON.parse refuses", () => {
    const broken = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", ",", "}", '"', "\\", "0", "x", "\u0001", " "),
    ).map(
      ([text, at, put]) => text.slice(0, at % text.length) + put + text.slice(at % text.length + 1),
    );
    fc.assert(
      fc.property(broken, (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          return assert.throws(() => parse(text), { code: "invalid-document" });
        }
        let value: unknown;
        try {
          value = parse(text);
        } catch (error) {
          return assert.match((error as Error).message, /for the second time/);
        }
        // JSON.parse bends numbers that it cannot hold; ours are text until then.
        assert.deepEqual(JSON.parse(format(value)), expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("tolerates a byte order mark and white space around the value, nothing else", () => {
    assert.deepEqual(parse('\ufeff \r\n{"a":1}\n'), { a: 1 });
    for (
      const text of [
        "",
        " ",
        "{}{}",
        "{} x",
        "[1,]",
        '{"a":1,}',
        "{a:1}",
        "'a'",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "nul",
      ]
    ) {
      assert.throws(() => parse(text), { code: "invalid-document" }, text);
    }
  });

  it("refuses bytes that are not UTF-8", () => {
    const overlong = new Uint8Array([0x22, 0xc0, 0xaf, 0x22]);
    assert.throws(() => parseJson(overlong, "example"), { code: "invalid-document", message: /not UTF-8/ });
  });

  it("refuses a key for the second time, escaped or not", () => {
    for (const text of ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"x":{"__proto__":1,"__proto__":2}}]']) {
      assert.throws(() => parse(text), { code: "invalid-document", message: /for the second time/ });
    }
  });

  it("keeps __proto__ an ordinary key", () => {
    const value = parse('{"__proto__":{"polluted":true},"constructor":1,"toString":2}') as Record<
      string,
      unknown
    >;
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(value["polluted"], undefined);
    assert.deepEqual(Object.keys(value), ["__proto__", "constructor", "toString"]);
    assert.equal(format(value), '{"__proto__":{"polluted":true},"constructor":1,"toString":2}');
  });

  it("refuses deep nesting before it can overflow the stack", () => {
    assert.throws(() => parse("[".repeat(100_000)), { code: "too-large", message: /nested more than 128/ });
    assert.throws(() => parse('{"a":'.repeat(129) + "1" + "}".repeat(129)), { code: "too-large" });
    assert.doesNotThrow(() => parse("[".repeat(128) + "]".repeat(128)));
    assert.throws(() => parseJson(utf8("[[1]]"), "example", { depth: 1 }), { code: "too-large" });
  });

  it("refuses more bytes than the limit", () => {
    assert.throws(() => parseJson(utf8("[1,2]"), "example", { bytes: 4 }), {
      code: "too-large",
      message: "parse example: 5 bytes, the limit is 4",
    });
  });

  it("says where the trouble is", () => {
    assert.throws(() => parse('{"a":}'), { message: 'parse example: unexpected "}" at character 5' });
    assert.throws(() => parse('["abc'), { message: "parse example: unexpected end at character 5" });
    assert.throws(() => parse('["a\\x"]'), {
      message: "parse example: bad escape in the string at character 1",
    });
  });

  it("reads a long string in one go", () => {
    const long = "x".repeat(4_000_000);
    assert.equal(parse(`"${long}"`), long);
    assert.throws(() => parse(`"${long}`), { code: "invalid-document" });
  });
});

describe("numbers", () => {
  it("are numbers when JavaScript holds them exactly, however they are written", () => {
    const exact = {
      "0": 0,
      "-1.50": -1.5,
      "1e3": 1000,
      "0.1": 0.1,
      "9007199254740991": 2 ** 53 - 1,
      "1E-7": 1e-7,
    };
    for (const [text, number] of Object.entries(exact)) assert.equal(parse(text), number);
  });

  it("stay text when it does not", () => {
    const texts = [
      "12345678901234567890",
      "9007199254740993",
      "0.1000000000000000055511151231257827",
      "1e400",
      "-0",
    ];
    texts.push(`1${"0".repeat(70)}1`, "1e-400");
    for (const text of texts) assert.equal(again(`{"a":[${text}]}`), `{"a":[${text}]}`);
  });

  it("survive parsing and formatting, whatever their size", () => {
    const literal = fc.tuple(fc.bigInt(), fc.option(fc.nat()), fc.option(fc.integer({ min: -400, max: 400 })))
      .map(
        ([whole, fraction, exponent]) =>
          `${whole}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : `e${exponent}`}`,
      );
    fc.assert(fc.property(literal, (text) => {
      const value = parse(text);
      // Either the very text, or a number whose value is that of the text.
      if (typeof value !== "number") return assert.equal(format(value), text);
      assert.equal(fraction(format(value)), fraction(text));
    }));
  });

  it("stay fast when they are long", () => {
    const text = `[1${"0".repeat(500_000)}1,${"9".repeat(500_000)}e5]`;
    assert.equal(again(text), text);
  });
});

/** The value of a decimal, exactly, as numerator over a power of ten. */
function fraction(text: string): string {
  const [, sign, whole, decimals = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(
    text,
  )!;
  let numerator = BigInt(`${whole}${decimals}`);
  let power = BigInt(exponent) - BigInt(decimals.length);
  while (numerator !== 0n && numerator % 10n === 0n) [numerator, power] = [numerator / 10n, power + 1n];
  return numerator === 0n ? "0" : `${sign}${numerator}e${power}`;
}

describe("formatJson", () => {
  it("writes what JSON.stringify writes", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(format(value), JSON.stringify(value))));
  });

  it("leaves out undefined members, as JSON.stringify does", () => {
    assert.equal(format({ a: undefined, b: [undefined], c: 1 }), '{"b":[null],"c":1}');
  });

  it("gives the bytes back that it wrote", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const once = format(value);
      assert.equal(again(once), once);
    }));
  });

  it("keeps the order of keys that JavaScript would sort, through a spread and an edit too", () => {
    const text = '{"z":1,"8080":{"b":1,"443":2},"80":3,"a":4}';
    assert.equal(again(text), text);
    const edited = { ...parse(text) as object, a: 5, new: true, "80": undefined };
    assert.equal(format(edited), '{"z":1,"8080":{"b":1,"443":2},"a":5,"new":true}');
  });

  it("keeps lone surrogates and characters of every plane", () => {
    for (const text of ['"\\ud800"', '"😀"', '"\u2028"']) assert.equal(again(text), text);
  });
});
