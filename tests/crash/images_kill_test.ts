import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inDirectory } from "../support/directory.ts";
import { killEngines } from "./images_kill.ts";

describe("unpacked images", () => {
  it("are whole when three processes change them and one is killed", () =>
    inDirectory(async (outer) => {
      assert.equal((await killEngines(outer, { kills: 2, seed: 3 })).kills, 2);
    }));
});
