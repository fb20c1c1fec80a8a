import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry blob", () => {
  it("writes blobs to standard output", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const image = imageOf("one\xff");
      await copy(image, repository("app"), { name: "v1" });
      const [layer] = await image.layers();
      const bytes = new Uint8Array(await new Response(await layer!.compressed()).arrayBuffer());
      const stdout = printed(await gantry("blob", `${host}/app@${await layer!.digest()}`));
      assert.equal(stdout, Buffer.from(bytes).toString("latin1"));
    }));
});
