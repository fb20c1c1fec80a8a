import type { Command } from "commander";
import { type Bytes, readAll } from "../../../bytes.ts";
import { type Image, Index, type Layer, layer, selectImage } from "../../../image/mod.ts";
import { openPlace } from "../../../places/open.ts";
import type { TarEntry, TarItem } from "../../../tar/mod.ts";
import { writeTar } from "../../../tar/mod.ts";
import { opaqueWhiteout, whiteoutPrefix } from "../../../spec/whiteout.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, destinationOf, printName, write } from "../../support/edited.ts";
import { edited } from "../../support/editor.ts";
import { addTransferOptions } from "../../support/transfer.ts";
import { unknownTime } from "./append.ts";

interface EditFilesFlags extends DestinationFlags {
  filename: string;
}

/** The largest file that is edited, in bytes. */
const limit = 64 * 1024 * 1024;

/** `gantry edit fs` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image>", "of an index the image for --platform")
    .requiredOption("-f, --filename <path>", "the file; one that is not there is made")
    .option("-t, --tag <image>", "where to write it (default: where it came from)")
    .action((from: string, flags: EditFilesFlags) => editFile(from, flags, context));
}

async function editFile(from: string, flags: EditFilesFlags, context: CommandContext): Promise<void> {
  const { signal, platform } = context;
  const root = await openPlace(from, { signal, ...await context.clients() });
  const image = root instanceof Index ? await selectImage(root, platform, { signal }) : root;
  const path = cleaned(flags.filename);
  const found = await find(image, path, signal);
  const bytes = await edited(found?.bytes ?? new Uint8Array(), path.split("/").at(-1)!, context);
  const item: TarItem = { type: "file", path, size: bytes.byteLength, options: found?.options };
  const made = layer(() => writeTar([{ ...item, readable: new Blob([bytes]).stream() }]));
  const destination = destinationOf(from, flags);
  const how = `gantry edit fs ${from} -f ${flags.filename}`;
  const changed = image.append(made, {
    history: { author: "gantry", created: unknownTime, created_by: how },
  });
  const { descriptor } = await write(changed, destination, flags, context);
  await printName(destination, descriptor.digest, flags, context);
}

interface Found {
  bytes: Bytes;
  options: TarItem["options"];
}

/** The file in the highest layer that has it, unless one above takes it away. */
async function find(image: Image, path: string, signal: AbortSignal): Promise<Found | undefined> {
  for (const layer of [...await image.layers({ signal })].reverse()) {
    const { found, hidden } = await findIn(layer, path, signal);
    if (found) return found;
    if (hidden) return undefined;
  }
  return undefined;
}

async function findIn(
  layer: Layer,
  path: string,
  signal: AbortSignal,
): Promise<{ found?: Found; hidden: boolean }> {
  const hiding = whiteoutsOf(path);
  let found: Found | undefined;
  let hidden = false;
  for await (const entry of layer.entries({ signal })) {
    const name = cleaned(entry.path);
    if (hiding.has(name)) hidden = true;
    if (name === path) found = await read(entry, signal); // the last one counts, as when the tar is unpacked
  }
  return { ...(found && { found }), hidden };
}

async function read(entry: TarEntry, signal: AbortSignal): Promise<Found | undefined> {
  if (entry.type !== "file") return undefined;
  return {
    bytes: await readAll(entry.readable, { limit, what: entry.path, signal }),
    options: entry.options,
  };
}

/** What takes a path of the layers below away: markers for it, and for the directories that it is in. */
function whiteoutsOf(path: string): Set<string> {
  const steps = path.split("/");
  const markers = new Set<string>();
  for (const [i, step] of steps.entries()) {
    const directory = steps.slice(0, i).map((above) => `${above}/`).join("");
    markers.add(`${directory}${whiteoutPrefix}${step}`).add(`${directory}${opaqueWhiteout}`);
  }
  return markers;
}

function cleaned(path: string): string {
  return path.split("/").filter((step) => step !== "" && step !== ".").join("/");
}
