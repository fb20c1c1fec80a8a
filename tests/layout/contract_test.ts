import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Layout } from "../../src/layout/mod.ts";
import { layout, layouts } from "../../src/layout/mod.ts";
import { type Medium, testTarget } from "../../src/testing/target.ts";

async function inDirectory(open: (directory: string) => Layout): Promise<Medium> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-layout-"));
  return {
    target: open(directory),
    again: () => open(directory),
    close: () => rm(directory, { recursive: true }),
  };
}

testTarget("layout", () => inDirectory((directory) => layout(directory)));

const shared = { deleteBlob: "the blobs are shared" };

testTarget(
  "layout with its blobs elsewhere",
  () => inDirectory((directory) => layout(join(directory, "layout"), { blobs: join(directory, "blobs") })),
  shared,
);

testTarget("one of many layouts", () => inDirectory((directory) => layouts(directory)("acme/app")), shared);
