import { after } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directory } from "../../src/objects/directory.ts";
import { testStore } from "../store/suite/mod.ts";
import { storesIn } from "./support.ts";

const made: string[] = [];
after(async () => {
  for (const path of made) await rm(path, { recursive: true, force: true });
});

testStore(
  "a store in a directory as a bucket",
  storesIn(async () => {
    made.push(await mkdtemp(join(tmpdir(), "gantry-test-")));
    return directory(made[0]!);
  }),
);
