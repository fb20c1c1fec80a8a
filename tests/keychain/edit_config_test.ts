import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { editEntries } from "../../src/keychain/edit_config.ts";
import { parseJson } from "../../src/spec/json.ts";
import { fails } from "../../src/testing/errors.ts";

const set = (text: string, key = "quay.io") =>
  editEntries(text, { [key]: { auth: "QQ==", password: undefined } }, "x");
const remove = (text: string, key = "quay.io") => editEntries(text, { [key]: undefined }, "x");

describe("an edit of a config", () => {
  it("writes a new one as Docker does", () => {
    const written = '{\n\t"auths": {\n\t\t"quay.io": {\n\t\t\t"auth": "QQ=="\n\t\t}\n\t}\n}';
    for (const empty of ["", "  \n", "{}"]) assert.equal(set(empty), written);
    assert.equal(remove(written), '{\n\t"auths": {}\n}');
  });

  it("leaves every other byte as it is", () => {
    const text = `{
  "HttpHeaders": { "b":  "1",\t"a": "2" },
  "8080": 12345678901234567890.10, "1": [1.0,   2e5],
  "auths": {
    "ghcr.io": { "auth": "bWU6c2VjcmV0", "email":"é\\u00e9" }
  },
  "z": null
}
`;
    const added = set(text);
    const entry = `,\n    "quay.io": {\n      "auth": "QQ=="\n    }`;
    assert.equal(added, text.replace('\\u00e9" }', `\\u00e9" }${entry}`));
    assert.equal(remove(added), text);
  });

  it("keeps what an entry has besides, the indentation, line ends and byte order marks", () => {
    const entry = '{"auths":{"quay.io":{"email":"me","password":"old","x":{"y":1}}}}';
    assert.equal(set(entry), '{"auths":{"quay.io":{"email":"me","x":{"y":1},"auth":"QQ=="}}}');
    assert.equal(set('\ufeff{"auths":{}}'), '\ufeff{"auths":{"quay.io":{"auth":"QQ=="}}}');
    const windows = set('{\r\n    "auths": {\r\n        "a": {}\r\n    }\r\n}\r\n');
    assert.equal(
      windows,
      '{\r\n    "auths": {\r\n        "a": {},\r\n        "quay.io": {\r\n            "auth": "QQ=="\r\n        }\r\n    }\r\n}\r\n',
    );
  });

  it("takes an auths that is null, in another case, or an entry that is nothing", () => {
    assert.equal(set('{"auths":null,"x":1}'), '{"auths":{"quay.io":{"auth":"QQ=="}},"x":1}');
    assert.equal(set('{"Auths":{}}'), '{"Auths":{"quay.io":{"auth":"QQ=="}}}');
    assert.equal(set('{"auths":{"quay.io":null}}'), '{"auths":{"quay.io":{"auth":"QQ=="}}}');
    assert.equal(remove('{"auths":{"a":{}},"x":1}'), '{"auths":{"a":{}},"x":1}');
  });

  it("refuses what is no config", () => {
    for (const text of ["[]", "{", '{"auths":[]}', '{"auths":{}} // mine', '{"a":1,"a":2}']) {
      assert.throws(() => set(text), fails("invalid-document", /x/), text);
    }
  });

  it("is undone to the byte, whatever the file and however it is written", () => {
    const indent = fc.constantFrom("", "  ", "    ", "\t");
    const key = fc.string({ minLength: 1 }).filter((text) => !["quay.io", "__proto__"].includes(text));
    const auths = fc.dictionary(key, fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), {
      minKeys: 1,
      maxKeys: 4,
    });
    const rest = fc.dictionary(
      key.filter((text) =>
        text.toLowerCase() !== "auths" && !/^(?:credhelpers|credsstore|httpheaders)$/i.test(text)
      ),
      fc.jsonValue(),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(rest, auths, rest, indent, fc.boolean(), (before, entries, after, space, newline) => {
        const document = { ...before, auths: entries, ...after };
        const text = JSON.stringify(document, null, space) + (newline ? "\n" : "");
        const added = set(text);
        const expected = { ...document, auths: { ...entries, "quay.io": { auth: "QQ==" } } };
        assert.deepEqual(JSON.parse(added), JSON.parse(JSON.stringify(expected)));
        parseJson(new TextEncoder().encode(added), "x");
        assert.equal(remove(added), text);
        if (space !== "") assert.equal(added.trimEnd(), JSON.stringify(expected, null, space));
      }),
    );
  });
});
