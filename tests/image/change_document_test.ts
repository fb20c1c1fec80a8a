import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { changeDocument } from "../../src/image/change_document.ts";
import { type JsonObject, parseJson } from "../../src/spec/json.ts";
import { text } from "./documents.ts";

const raw = utf8(`{ "8080" : 12345678901234567890, "b" : [1.50], "a" : null }`);
const parsed = () => parseJson(raw, "test") as JsonObject;

describe("a changed document", () => {
  it("has its bytes where nothing changed", async () => {
    assert.equal(await changeDocument(raw, parsed(), () => {}), raw);
    assert.equal(await changeDocument(raw, parsed(), (document) => void (document["a"] = null)), raw);
  });

  it("keeps the order of keys and numbers to the digit where something did", async () => {
    const changed = await changeDocument(raw, parsed(), (document) => {
      document["c"] = true;
      delete document["a"];
    });
    assert.match(text(changed), /^{"8080":12345678901234567890,"b":\[1.50?\],"c":true}$/);
  });
});
