import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { loadedNames } from "../../src/daemon/load_messages.ts";

describe("what an engine says while it loads", () => {
  const cases: [told: string, ...names: string[]][] = [
    ['{"stream":"Loaded image: app:v1\\n"}\r\n{"stream":"Loaded image: app:v2\\n"}\r\n', "app:v1", "app:v2"],
    ['{"stream":"Loaded image ID: sha256:abc\\n"}', "sha256:abc"],
    ['{"stream":"Loaded image(s): localhost/a:1,localhost/b:2\\n"}\n', "localhost/a:1", "localhost/b:2"],
    ['{"status":"Loading layer","progressDetail":{}}\n\n'],
  ];
  for (const [told, ...names] of cases) {
    it(`${JSON.stringify(told)} names ${names.join(" and ") || "nothing"}`, () =>
      assert.deepEqual(loadedNames(utf8(told), "load"), names));
  }

  it("may be an error, or nonsense", () => {
    assert.throws(() => loadedNames(utf8('{"error":"no space"}'), "load"), {
      code: "unsupported",
      message: "load: no space",
    });
    assert.throws(() => loadedNames(utf8("<html>"), "load"), { code: "invalid-document", message: /<html>/ });
  });
});
