import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anonymous, chain, type Keychain } from "../../src/keychain/chain.ts";
import { github } from "../../src/keychain/github.ts";
import { asked } from "./support.ts";

const me = { username: "me", password: "secret" };

describe("a chain of keychains", () => {
  it("gives what the first has, and asks no further", async () => {
    const never: Keychain = () => assert.fail("asked");
    assert.equal(await chain(anonymous, () => Promise.resolve(me), never)(asked("quay.io")), me);
    assert.equal(await chain(anonymous, anonymous)(asked("quay.io")), undefined);
    assert.equal(await chain()(asked("quay.io")), undefined);
  });

  it("ends with what one throws", async () => {
    const broken: Keychain = () => Promise.reject(new Error("broken"));
    await assert.rejects(
      chain(anonymous, broken, () => Promise.resolve(me))(asked("quay.io")),
      /^Error: broken$/,
    );
  });
});

describe("GitHub's keychain", () => {
  it("is for ghcr.io alone (A36)", async () => {
    const keychain = github({ token: "ghp_1" });
    assert.deepEqual(await keychain(asked("ghcr.io")), { username: "unset", password: "ghp_1" });
    for (const other of ["ghcr.io.test", "docker.io", "x.ghcr.io", "ghcr.io:5000", "docker.pkg.github.com"]) {
      assert.equal(await keychain(asked(other)), undefined);
    }
    const actor = github({ token: "ghp_1", actor: "octocat" });
    assert.deepEqual(await actor(asked("ghcr.io")), { username: "octocat", password: "ghp_1" });
  });
});
