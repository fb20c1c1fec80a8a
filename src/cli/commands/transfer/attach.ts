import type { Command } from "commander";
import { basename } from "node:path";
import { factsOf } from "../../../disk/files.ts";
import { fileStream } from "../../../disk/stream.ts";
import { GantryError } from "../../../errors.ts";
import { artifact, type Layer, layer } from "../../../image/mod.ts";
import { copy } from "../../../places/copy.ts";
import { openNamed } from "../../../places/open.ts";
import { parsePlace, placeUsage, targetOf } from "../../../places/schemes.ts";
import { annotations } from "../../../spec/annotations.ts";
import { mediaTypes } from "../../../spec/media_type.ts";
import type { CommandContext } from "../../context.ts";
import { addPair } from "../../support/lists.ts";
import { select } from "../../support/open.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

interface AttachFlags extends ProgressFlags {
  annotation?: Record<string, string>;
  artifactType: string;
}

/** `gantry attach` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<img>", placeUsage)
    .argument("[file...]", "FILE or FILE:MEDIATYPE")
    .requiredOption("--artifact-type <type>", "what it is, such as application/spdx+json")
    .option("-a, --annotation <name=value>", "annotations of what is attached", addPair)
    .action((image: string, files: string[], flags: AttachFlags) => attach(image, files, flags, context));
}

async function attach(
  image: string,
  files: readonly string[],
  flags: AttachFlags,
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const place = parsePlace(image);
  const clients = await context.clients();
  const target = targetOf(place, image, clients);
  const root = await openNamed({ target, name: place.name }, `attach to ${JSON.stringify(image)}`, {
    signal,
  });
  const subject = await (await select(root, context)).descriptor({ signal });
  const attached = artifact(flags.artifactType, {
    layers: await Promise.all(files.map(fileLayer)),
    annotations: flags.annotation,
    subject,
  });
  const { descriptor } = await transfer(
    context,
    "pushed",
    flags,
    (options) => copy(attached, { target }, options),
  );
  await context.print(`${place.container}@${descriptor.digest}\n`);
}

/** A file as it is. What follows its last colon is its media type if it looks like one. */
async function fileLayer(
  text: string,
): Promise<{ layer: Layer; annotations: Record<string, string> }> {
  const [, path = text, mediaType = mediaTypes.octetStream] = /^(.+):([\w.+-]+\/[\w.+-]+)$/.exec(text) ?? [];
  const facts = await factsOf(path);
  if (!facts) throw new GantryError("not-found", `attach ${JSON.stringify(path)}: no such file`);
  const open = () => fileStream(path, 0, facts.size, undefined);
  return {
    layer: layer(open, { compression: "none", mediaType }),
    annotations: { [annotations.title]: basename(path) },
  };
}
