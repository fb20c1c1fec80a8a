import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outdated, type RetentionRule, type StoredImage } from "../../src/store/mod.ts";
import { fails } from "../../src/testing/errors.ts";

const now = new Date(1_000_000_000);

/** `a:1@30` is a:1, changed 30 seconds ago. */
function imagesOf(texts: string): StoredImage[] {
  return texts.split(" ").map((text) => {
    const [name = "", age] = text.split("@");
    const updatedAt = new Date(now.getTime() - Number(age) * 1000);
    const target = { mediaType: "text/plain", digest: `sha256:${"0".repeat(64)}` as const, size: 1 };
    return { name, target, labels: {}, createdAt: updatedAt, updatedAt };
  });
}

describe("rules of what is kept", () => {
  const images = imagesOf("a:1@30 a:2@20 a:3@10 b:1@40 b:nightly-1@50 b:nightly-2@5 plain@60");
  const rows: readonly [string, RetentionRule[], string][] = [
    ["say nothing", [{}, { filter: "name~=a" }], ""],
    ["the last one of each", [{ keepLast: 1 }], "a:1 a:2 b:1 b:nightly-1"],
    ["none of some", [{ filter: "name~=nightly", keepLast: 0 }], "b:nightly-1 b:nightly-2"],
    ["what is young", [{ olderThan: 30 }], "a:1 b:1 b:nightly-1 plain"],
    ["the last one, and what is young", [{ keepLast: 1, olderThan: 25 }], "a:1 b:1 b:nightly-1"],
    [
      "two rules",
      [{ filter: "name~=^a", keepLast: 2 }, { filter: "name==plain", olderThan: 1 }],
      "a:1 plain",
    ],
  ];
  for (const [what, rules, expected] of rows) {
    it(what, () => assert.equal(outdated(images, rules, now).map(({ name }) => name).join(" "), expected));
  }

  it("refuse filters that are none", () => {
    assert.throws(() => outdated(images, [{ filter: "name=", keepLast: 1 }]), fails("invalid-argument"));
  });
});
