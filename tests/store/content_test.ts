import { describe, it } from "node:test";
import { store } from "../../src/store/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { inStore } from "./support.ts";

describe("writers of content on a disk", () => {
  it("are open once, of all instances", () =>
    inStore(async (there, { directory }) => {
      await using other = store(directory);
      const writer = await there.content.writer("one");
      await rejects(other.content.writer("one"), "conflict", /in use/);
      await rejects(other.content.abort("one"), "conflict");
      await writer.close();
      await (await other.content.writer("one")).close();
      await other.content.abort("one");
      await rejects(there.content.status("one"), "not-found");
    }));
});
