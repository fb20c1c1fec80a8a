import type { Command } from "commander";
import { digestBytes } from "../../../digest/mod.ts";
import { GantryError } from "../../../errors.ts";
import { selectImage } from "../../../image/mod.ts";
import { openNamed } from "../../../places/open.ts";
import { parsePlace } from "../../../places/schemes.ts";
import { isObject } from "../../../spec/check.ts";
import { formatJson, parseJson } from "../../../spec/json.ts";
import type { CommandContext } from "../../context.ts";
import { withDocuments } from "../../support/documents.ts";
import { type DestinationFlags, destinationOf, printName, write } from "../../support/edited.ts";
import { edited } from "../../support/editor.ts";
import { addTransferOptions } from "../../support/transfer.ts";

/** `gantry edit config` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image>", "of an index the image for --platform")
    .option("-t, --tag <image>", "where to write it (default: where it came from)")
    .action((from: string, flags: DestinationFlags) => editConfig(from, flags, context));
}

async function editConfig(from: string, flags: DestinationFlags, context: CommandContext): Promise<void> {
  const { signal, platform } = context;
  const place = parsePlace(from);
  const source = place.source(await context.clients());
  const root = await openNamed({ source, name: place.name }, `open ${JSON.stringify(from)}`, { signal });
  const image = await selectImage(root, platform, { signal });
  const config = await edited(await image.rawConfigFile({ signal }), "config.json", context);
  if (!isObject(parseJson(config, "the new config"))) {
    throw new GantryError("invalid-document", `edit config of ${from}: the new config is not an object`);
  }
  const manifest = await image.manifest({ signal });
  const { mediaType } = manifest.config;
  manifest.config.size = config.byteLength;
  manifest.config.digest = await digestBytes(config);
  delete manifest.config.data;
  const changed = await withDocuments(source, [
    { bytes: config, mediaType, role: "blob" },
    { bytes: formatJson(manifest), mediaType: await image.mediaType({ signal }), role: "manifest" },
  ]);
  const destination = destinationOf(from, flags);
  const { descriptor } = await write(changed, destination, flags, context);
  await printName(destination, descriptor.digest, flags, context);
}
