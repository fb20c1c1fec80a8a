import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings the faster gunzip
import { type Bytes, chunksOf } from "../../../bytes.ts";
import { saveStream } from "../../../disk/save.ts";
import { type Image, selectImage } from "../../../image/mod.ts";
import { isLayerType } from "../../../spec/media_type.ts";
import { exportImage } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openOne, openStandardInput } from "../../support/open.ts";

/** `gantry export` */
export function define(command: Command, context: CommandContext): void {
  command
    .usage("[options] IMAGE|- [TARBALL|-]")
    .argument("<image>", "an image at any place, or - for an archive from standard input")
    .argument("[tarball]", "a file, or - for standard output", "-")
    .action((from: string, to: string) => exportTo(from, to, context));
}

async function exportTo(from: string, to: string, context: CommandContext): Promise<void> {
  if (from !== "-") return await write(await openOne(from, context), to, context);
  await using opened = await openStandardInput(context);
  await write(await selectImage(opened.root, undefined, { signal: context.signal }), to, context);
}

async function write(image: Image, to: string, context: CommandContext): Promise<void> {
  const { signal } = context;
  const bytes = await contentOf(image, signal);
  if (to !== "-") {
    // As with tar, whoever wants it on the disk flushes it.
    return await saveStream(to, bytes, { action: `export to ${JSON.stringify(to)}`, durable: false, signal });
  }
  for await (const chunk of chunksOf(bytes, signal)) await context.print(chunk);
}

/** The merged layers; of an artifact with one blob, that blob. */
async function contentOf(image: Image, signal: AbortSignal): Promise<ReadableStream<Bytes>> {
  const [first, ...more] = await image.layers({ signal });
  if (first && more.length === 0 && !isLayerType(first.mediaType())) {
    return await first.compressed({ signal });
  }
  return exportImage(image, { signal });
}
