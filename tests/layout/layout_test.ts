import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Layout } from "../../src/layout/mod.ts";
import { layout, layouts } from "../../src/layout/mod.ts";
import { type Medium, testTarget } from "../../src/testing/mod.ts";

async function inDirectory(open: (directory: string) => Layout, collects = false): Promise<Medium> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-layout-"));
  const target = open(directory);
  return {
    target,
    // What was written this very millisecond is to go too.
    ...(collects && { collect: async () => void await target.gc({ grace: -1 }) }),
    again: () => open(directory),
    close: () => rm(directory, { recursive: true }),
  };
}

testTarget("layout", () => inDirectory((directory) => layout(directory), true));

const shared = { deleteBlob: "the blobs are shared" };

testTarget(
  "layout with its blobs elsewhere",
  () => inDirectory((directory) => layout(join(directory, "layout"), { blobs: join(directory, "blobs") })),
  shared,
);

testTarget("one of many layouts", () => inDirectory((directory) => layouts(directory)("acme/app")), shared);
