import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fields } from "../../src/hosts/fields.ts";
import { GantryError } from "../../src/errors.ts";

function refuses(work: () => unknown, message: string): void {
  assert.throws(work, (error) => {
    assert.ok(GantryError.is(error, "invalid-document"));
    assert.equal(error.message, message);
    return true;
  });
}

describe("the fields of a file", () => {
  const fields = new Fields(
    JSON.parse(
      '{"name":"a","on":false,"list":["a","b"],"table":{"x":1},"tables":[{"y":2},3],"__proto__":"p"}',
    ),
    "read f",
  );

  it("are given as what they are", () => {
    assert.equal(fields.string("name"), "a");
    assert.equal(fields.boolean("on"), false);
    assert.deepEqual(fields.strings("list"), ["a", "b"]);
    assert.deepEqual(fields.strings("name"), ["a"]);
    assert.equal(fields.table("table")!.value("x"), 1);
    assert.equal(fields.string("__proto__"), "p");
    assert.ok(!fields.has("toString"));
    for (
      const none of [fields.string("no"), fields.strings("no"), fields.table("no"), fields.value("toString")]
    ) {
      assert.equal(none, undefined);
    }
    assert.deepEqual(fields.tables("no"), []);
  });

  it("of another type are refused by file and name", () => {
    refuses(() => fields.string("on"), "read f: on is not a string");
    refuses(() => fields.boolean("name"), "read f: name is not true or false");
    refuses(() => fields.strings("tables"), "read f: tables is not a string or a list of strings");
    refuses(() => fields.table("list"), "read f: list: it is no table");
    refuses(() => fields.tables("table"), "read f: table is not a list");
    refuses(() => fields.tables("tables"), "read f: tables 2: it is no table");
    refuses(() => fields.table("table")!.string("x"), "read f: table: x is not a string");
    refuses(() => new Fields(null, "read f"), "read f: it is no table");
  });

  it("that nobody knows are refused with those that there are", () => {
    refuses(() => fields.table("table")!.only("y", "z"), 'read f: table: "x" is unknown; there are y, z');
    fields.table("table")!.only("x", "y");
  });
});
