import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import { rejects } from "../../src/testing/errors.ts";
import { fake } from "./fake.ts";
import {
  at,
  big,
  digest,
  head,
  headLarge,
  large,
  largeDigest,
  missing,
  post,
  small,
} from "./upload_replies.ts";

describe("content that is not what it says", () => {
  it("never becomes a blob, and the upload is given up", async () => {
    const lies: [object, ErrorCode][] = [
      [{ digest }, "digest-mismatch"],
      [{ size: large.byteLength + 1 }, "size-mismatch"],
      [{ size: large.byteLength - 1 }, "size-mismatch"],
      [{ size: large.byteLength - 1, digest: undefined }, "size-mismatch"],
      [{ size: undefined, digest }, "digest-mismatch"],
    ];
    for (const [lie, code] of lies) {
      for (const pieceSize of [undefined, 1 << 20]) {
        const { app, calls } = fake({
          [head]: missing,
          [headLarge]: missing,
          [post]: at("/u"),
          "PATCH /u": { status: 202 },
          "DELETE /u": { status: 204 },
        }, { pieceSize });
        await rejects(app.write({ ...big(), ...lie }), code);
        assert.equal(calls().at(-1), "DELETE /u");
        assert.ok(!calls().some((call) => call.startsWith("PUT")));
      }
    }
  });

  it("and small is not even begun", async () => {
    const { app, calls } = fake({ [headLarge]: missing });
    await rejects(app.write({ ...small(), digest: largeDigest }), "digest-mismatch");
    assert.deepEqual(calls(), [headLarge]);
  });
});
