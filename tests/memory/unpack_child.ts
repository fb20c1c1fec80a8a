/**
 * Unpacks a layer in a file (`unpack FILE`), which must be refused (`bomb FILE`), only decompresses it (`read FILE`) or does
 * nothing (`idle`), and prints the peak of its memory in bytes.
 */

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileStream } from "../../src/disk/stream.ts";
import { GantryError } from "../../src/errors.ts";
import { layer } from "../../src/image/mod.ts";
import { unpack } from "../../src/rootfs/mod.ts";
import { inDirectory } from "../support/directory.ts";
import { tellPeak } from "./peak.ts";

const [mode, file = ""] = process.argv.slice(2);
await inDirectory(async (directory) => {
  if (mode === "idle") return await new Promise<void>((resolve) => setTimeout(resolve, 500));
  const { size } = await stat(file);
  const packed = layer(() => fileStream(file, 0, size, undefined), { compression: "none" });
  if (mode === "read") return await (await packed.uncompressed()).pipeTo(new WritableStream());
  const work = unpack([packed], join(directory, "root"));
  if (mode === "unpack") await work;
  else await assert.rejects(work, (error) => GantryError.is(error, "too-large"));
});
tellPeak();
