import type { Command } from "commander";
import { requireMethod } from "../../../content/require_method.ts";
import { cosignTagsOf } from "../../../copy/referrers.ts";
import { sourcePlace } from "../../../places/place.ts";
import { openNamed } from "../../../places/open.ts";
import type { Descriptor } from "../../../spec/descriptor.ts";
import type { CommandContext } from "../../context.ts";
import { select } from "../../support/open.ts";
import { jsonOption } from "../../support/options.ts";

interface ReferrersFlags {
  artifactType?: string;
  json?: boolean;
}

/** What belongs to an image, and the tag under which cosign keeps it. */
type Listed = Descriptor & { tag?: string };

/** `gantry referrers` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<img>")
    .option("--artifact-type <type>", "only those of this type")
    .addOption(jsonOption())
    .action((image: string, flags: ReferrersFlags) => listReferrers(image, flags, context));
}

async function listReferrers(image: string, flags: ReferrersFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  const { artifactType } = flags;
  const at = sourcePlace(image, await context.clients());
  const list = requireMethod(at.source, "referrers", `list the referrers of ${image}`);
  const root = await openNamed(at, `open ${JSON.stringify(image)}`, { signal });
  const subject = await (await select(root, context)).descriptor({ signal });
  const found: Listed[] = [];
  for await (const referrer of list(subject, { artifactType, signal })) found.push(referrer);
  for await (const { part, name } of artifactType ? [] : cosignTagsOf(at.source, subject, { signal })) {
    const { mediaType, digest, size } = await part.content({ signal });
    found.push({ mediaType, digest: digest!, size: size!, tag: name! });
  }
  if (flags.json) return await context.printJson({ subject: subject.digest, referrers: found });
  for (const { digest, tag, mediaType, artifactType } of found) {
    await context.print(`${digest} ${tag ?? artifactType ?? mediaType}\n`);
  }
}
