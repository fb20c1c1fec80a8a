import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { argon2id, bcrypt } from "hash-wasm";
import { htpasswd } from "../../../src/server/auth/htpasswd.ts";

const salt = new Uint8Array(16).fill(5);

describe("htpasswd", () => {
  it("knows bcrypt in its three spellings, and argon2", async () => {
    const hash = await bcrypt({ password: "secret", salt, costFactor: 4, outputType: "encoded" });
    const argon = { password: "secret", salt, iterations: 1, parallelism: 1, memorySize: 64, hashLength: 16 };
    const lines = ["2a", "2b", "2y"].map((kind) => `u${kind}:${hash.replace("2a", kind)}`);
    lines.push(`uargon:${await argon2id({ ...argon, outputType: "encoded" })}`);
    const check = htpasswd(`# users\r\n\r\n${lines.join("\r\n")}\n`);
    for (const username of ["u2a", "u2b", "u2y", "uargon"]) {
      assert.deepEqual(await check({ username, password: "secret" }), { name: username });
      assert.deepEqual(await check({ username, password: "secret" }), { name: username });
      assert.equal(await check({ username, password: "Secret" }), undefined);
      assert.equal(await check({ username, password: "" }), undefined);
    }
    assert.equal(await check({ username: "nobody", password: "secret" }), undefined);
    assert.equal(await check({ token: "secret" }), undefined);
  });

  it("refuses other hashes, with the line", () => {
    for (const hash of ["$apr1$x$y", "{SHA}x", "plain", ""]) {
      assert.throws(() => htpasswd(`# one\nci:${hash}\n`), { code: "invalid-document", message: /line 2/ });
    }
  });
});
