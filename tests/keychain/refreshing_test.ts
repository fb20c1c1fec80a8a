import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Expiring, refreshing } from "../../src/keychain/refreshing.ts";
import { asked } from "./support.ts";

describe("a refreshing keychain", () => {
  it("asks again for what is too old, and not before", async () => {
    let now = 0, count = 0;
    const keychain = refreshing(
      ({ registry }) => Promise.resolve({ username: registry, password: `${++count}` }),
      {
        milliseconds: 1000,
        now: () => now,
      },
    );
    const password = async (registry = "a.test", repository = "app") =>
      (await keychain(asked(registry, repository)) as { password: string }).password;
    assert.deepEqual(await Promise.all([password(), password()]), ["1", "1"]);
    now = 999;
    assert.equal(await password(), "1");
    assert.deepEqual([await password("b.test"), await password("a.test", "other")], ["2", "3"]);
    now = 1000;
    assert.deepEqual(await Promise.all([password(), password()]), ["4", "4"]);
  });

  it("keeps no failure, and keeps that there is nothing", async () => {
    const answers = [() => Promise.reject(new Error("down")), () => Promise.resolve(undefined)];
    const keychain = refreshing(() => answers.shift()!(), { now: () => 0 });
    await assert.rejects(keychain(asked("a.test")), /down/);
    assert.equal(await keychain(asked("a.test")), undefined);
    assert.equal(await keychain(asked("a.test")), undefined);
  });
});

describe("a value that expires", () => {
  it("is fetched once for all who want it", async () => {
    let now = 0, fetched = 0;
    const value = new Expiring(() => Promise.resolve({ value: ++fetched, expires: now + 10 }), () => now);
    assert.deepEqual(await Promise.all([value.get(), value.get(), value.get()]), [1, 1, 1]);
    now = 10;
    assert.deepEqual(await Promise.all([value.get(), value.get(), value.get()]), [2, 2, 2]);
  });
});
