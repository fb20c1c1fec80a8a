import type { Command } from "commander";
import { addManifests, annotate, emptyIndex, setSubject } from "../../../image/mod.ts";
import { openPlace } from "../../../places/open.ts";
import { dockerType } from "../../../spec/media_type.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, writeEdited } from "../../support/edited.ts";
import { entriesAt } from "../../support/index_entries.ts";
import { addPairs } from "../../support/lists.ts";
import { addTransferOptions } from "../../support/transfer.ts";

interface CreateFlags extends DestinationFlags {
  annotation?: Record<string, string>;
  artifactType?: string;
  docker?: boolean;
  flatten: boolean;
  subject?: string;
}

/** `gantry index create` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image...>", "what it names: any place, a tarball, a layout")
    .requiredOption("-t, --tag <index>", "where to write it")
    .option("-a, --annotation <name=value>", "annotations of the index", addPairs)
    .option("--artifact-type <type>", "what it is, when it is no image")
    .option("--docker", "let it have Docker's media type")
    .option("--no-flatten", "name an index itself, not what it names")
    .option("--subject <image>", "the manifest that it is about")
    .action((images: string[], flags: CreateFlags) => create(images, flags, context));
}

async function create(images: readonly string[], flags: CreateFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  let index = emptyIndex().edit(addManifests(await entriesAt(images, flags.flatten, context)));
  if (flags.docker) index = index.edit({ mediaType: dockerType });
  const { artifactType } = flags;
  if (artifactType !== undefined) {
    index = index.edit({ manifest: (made) => void (made.artifactType = artifactType) });
  }
  if (flags.annotation) index = index.edit(annotate(flags.annotation));
  if (flags.subject !== undefined) {
    const subject = await openPlace(flags.subject, { signal, ...await context.clients() });
    index = index.edit(setSubject(await subject.descriptor({ signal })));
  }
  await writeEdited(index, undefined, flags, context);
}
