import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Engine, EngineTable } from "../src/engine_table.ts";
import { fails } from "../src/testing/errors.ts";

interface Row extends Engine {
  readonly work: "read" | "write";
  suits?(amount: number): boolean | Promise<boolean>;
}

const row = (name: string, work: Row["work"] = "read", more: Partial<Row> = {}): Row => ({
  name,
  work,
  available: () => true,
  ...more,
});

function tableOf(...rows: Row[]) {
  return new EngineTable<Row, Row["work"]>(rows, {
    does: (engine, kind) => engine.work === kind,
    howToGet: (kind, others) => `nothing can ${kind}; ask for ${others || "another"}`,
  });
}

const namesOf = (table: EngineTable<Row, Row["work"]>) => table.available().map(({ name }) => name);

describe("EngineTable", () => {
  it("adds an engine after the others, or before a named one that does the same work", () => {
    const table = tableOf(row("a"), row("b", "write"));
    table.add(row("c"));
    table.add(row("d"), "c");
    table.add(row("e"), "b"); // which does another work
    table.add(row("f"), "nobody");
    assert.deepEqual(namesOf(table), ["a", "b", "d", "c", "e", "f"]);
  });

  it("replaces an engine of the same name and work where it is", () => {
    const table = tableOf(row("a"), row("b"), row("a", "write"));
    const other = row("a");
    table.add(other, "b");
    assert.deepEqual(namesOf(table), ["a", "b", "a"]);
    assert.equal(table.find("read", "a"), other);
    assert.notEqual(table.find("write", "a"), other);
  });

  it("adds a default only where there is none of its name and work", () => {
    const own = row("a");
    const table = tableOf(own);
    table.addDefault(row("a"));
    table.addDefault(row("b"), "a");
    assert.deepEqual(namesOf(table), ["b", "a"]);
    assert.equal(table.find("read", "a"), own);
  });

  it("finds the first that is available and not taken by name only or under conditions", () => {
    const table = tableOf(
      row("gone", "read", { available: () => false }),
      row("named", "read", { onlyByName: true }),
      row("conditional", "read", { suits: () => true }),
      row("writer", "write"),
      row("reader"),
    );
    assert.equal(table.find("read")?.name, "reader");
    assert.equal(table.find("read", "named")?.name, "named");
    assert.equal(table.find("read", "conditional")?.name, "conditional");
    assert.equal(table.find("read", "gone"), undefined);
    assert.equal(table.find("read", "writer"), undefined);
  });

  it("asks those that suit some conditions, in order", async () => {
    const table = tableOf(
      row("plain"),
      row("many", "read", { suits: (amount) => amount > 10 }),
      row("some", "read", { suits: (amount) => Promise.resolve(amount > 5) }),
      row("writer", "write", { suits: () => true }),
    );
    assert.equal((await table.suited("read", 20))?.name, "many");
    assert.equal((await table.suited("read", 7))?.name, "some");
    assert.equal(await table.suited("read", 1), undefined);
  });

  it("says what there is when a name is not there, and how to get one when there is none", () => {
    const table = tableOf(row("a", "read", { onlyByName: true }), row("b"), row("c"));
    assert.equal(table.get("read", undefined, "read it").name, "b");
    const missing = (name: string | undefined, kind: Row["work"]) => () => table.get(kind, name, "do it");
    assert.throws(
      missing("z", "read"),
      fails("no-engine", /^do it: engine "z" is not here, only "a", "b" or "c"$/),
    );
    assert.throws(missing("z", "write"), fails("no-engine", /^do it: engine "z" is not here$/));
    assert.throws(
      missing(undefined, "write"),
      fails("no-engine", /^do it: nothing can write; ask for another$/),
    );
  });
});
