import type { Command } from "commander";
import { openNamed } from "../../../places/open.ts";
import { parsePlace } from "../../../places/schemes.ts";
import { parseDocument } from "../../../spec/document.ts";
import type { CommandContext } from "../../context.ts";
import { withDocuments } from "../../support/documents.ts";
import { type DestinationFlags, destinationOf, printName, write } from "../../support/edited.ts";
import { edited } from "../../support/editor.ts";
import { addTransferOptions } from "../../support/transfer.ts";

interface EditManifestFlags extends DestinationFlags {
  mediaType?: string;
}

/** `gantry edit manifest` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image>", "an image or an index")
    .option("-t, --tag <image>", "where to write it (default: where it came from)")
    .option("-m, --media-type <type>", "its media type (default: what it says, or what it was)")
    .action((from: string, flags: EditManifestFlags) => editManifest(from, flags, context));
}

async function editManifest(from: string, flags: EditManifestFlags, context: CommandContext): Promise<void> {
  const { signal, platform } = context;
  const place = parsePlace(from);
  const source = place.source(await context.clients());
  const root = await openNamed({ source, name: place.name }, `open ${JSON.stringify(from)}`, { signal });
  const chosen = platform && "select" in root ? await root.select(platform, { signal }) : root;
  const bytes = await edited(await chosen.rawManifest({ signal }), "manifest.json", context);
  const { mediaType } = parseDocument(bytes, { mediaType: flags.mediaType, what: "the new manifest" });
  const changed = await withDocuments(source, [{ bytes, mediaType, role: "manifest" }]);
  const destination = destinationOf(from, flags);
  const { descriptor } = await write(changed, destination, flags, context);
  await printName(destination, descriptor.digest, flags, context);
}
