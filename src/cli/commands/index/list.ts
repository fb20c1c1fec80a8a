import type { Command } from "commander";
import { formatPlatform } from "../../../spec/platform.ts";
import type { CommandContext } from "../../context.ts";
import { requireIndex } from "../../support/open_index.ts";
import { jsonOption } from "../../support/options.ts";

/** `gantry index list` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<index>", "an index, or a directory with a layout")
    .addOption(jsonOption())
    .action(async (from: string, flags: { json?: boolean }) => {
      const index = await requireIndex(from, context);
      const { manifests } = await index.indexManifest({ signal: context.signal });
      if (flags.json) return await context.printJson(manifests);
      await context.print(row("Digest", "MediaType", "Platform"));
      for (const { digest, mediaType, platform } of manifests) {
        await context.print(row(digest, mediaType, platform ? formatPlatform(platform) : "-"));
      }
    });
}

/** The columns are those of crane. */
function row(digest: string, mediaType: string, platform: string): string {
  return `${digest.padEnd(70)} ${mediaType.padEnd(20)} ${platform}\n`;
}
