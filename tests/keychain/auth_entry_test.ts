import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { credentialsIn, encodeAuth, parseAuthEntry } from "../../src/keychain/auth_entry.ts";
import { fails } from "../../src/testing/errors.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("an entry of auths", () => {
  it("holds names and passwords of any kind (A40)", () => {
    const cases: [auth: string, username: string, password: string][] = [
      [base64("me:pass:with:colons"), "me", "pass:with:colons"],
      [base64("mé:pässwörd→"), "mé", "pässwörd→"],
      [base64("me:secret\0\0\0"), "me", "secret"],
      [base64("me:s").replace(/=+$/, ""), "me", "s"],
      [base64(":secret"), "", "secret"],
      [base64("me:"), "me", ""],
    ];
    for (const [auth, username, password] of cases) {
      const entry = parseAuthEntry({ auth }, "x");
      assert.deepEqual(entry, { username, password });
      assert.deepEqual(credentialsIn(entry), { username, password });
    }
  });

  it("that is empty holds none (A41)", () => {
    for (
      const empty of [{}, null, { auth: "" }, { email: "me@example.com" }, { username: "", password: "" }, {
        auth: base64(":"),
      }]
    ) {
      assert.equal(credentialsIn(parseAuthEntry(empty, "x")), undefined);
    }
  });

  it("gives a registry token, else an identity token, else a name and a password (A16, A18)", () => {
    const all = { auth: base64("me:secret"), identitytoken: "identity", registrytoken: "registry" };
    assert.deepEqual(credentialsIn(parseAuthEntry(all, "x")), { registryToken: "registry" });
    const { registrytoken: _, ...two } = all;
    assert.deepEqual(credentialsIn(parseAuthEntry(two, "x")), { identityToken: "identity" });
  });

  it("that is broken is an error that names it and not what is in it", () => {
    const broken = [
      { auth: "not base64: hunter2" },
      { auth: base64("hunter2") },
      { auth: base64("hunter2:").slice(0, 3) + "ÿ" },
      {
        username: "me",
        password: ["hunter2"],
      },
      "hunter2",
      ["hunter2"],
      7,
    ];
    for (const entry of broken) {
      assert.throws(() => parseAuthEntry(entry, '"quay.io" of "config.json"'), (error: Error) => {
        fails("invalid-document", /^read the entry "quay\.io" of "config\.json": .*; log in again/)(error);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    }
  });

  it("reads what was written, whatever is in it", () => {
    const name = fc.string({ unit: "grapheme" }).filter((text) => !text.includes(":"));
    const secret = fc.string({ unit: "grapheme" }).filter((text) => !text.endsWith("\0"));
    fc.assert(fc.property(name, secret, (username, password) => {
      const auth = encodeAuth(username, password);
      assert.equal(auth, base64(`${username}:${password}`));
      assert.deepEqual(parseAuthEntry({ auth }, "x"), { username, password });
    }));
  });

  it("is an error of ours, or is read, whatever it is", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      try {
        credentialsIn(parseAuthEntry(value, "x"));
      } catch (error) {
        fails("invalid-document")(error);
      }
    }));
  });
});
