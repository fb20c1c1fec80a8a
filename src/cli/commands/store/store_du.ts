import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { withStore } from "../../support/store.ts";
import { formatBytes, table } from "../../support/table.ts";

/** `gantry store du` */
export function define(command: Command, context: CommandContext): void {
  command
    .addOption(jsonOption())
    .action(({ json }: { json?: boolean }) =>
      withStore(context, async (there) => {
        const { signal } = context;
        let images = 0, count = 0, content = 0, active = 0;
        for await (const _ of there.images.list([], { signal })) images++;
        for await (const { size } of there.content.walk([], { signal })) {
          count++;
          content += size;
        }
        for await (const { offset } of there.content.listStatuses([], { signal })) active += offset;
        const { bytes: reclaimable } = await there.gc({ dryRun: true, signal });
        if (json) {
          return await context.printJson({ images, content: { count, bytes: content }, active, reclaimable });
        }
        await context.print(table([
          ["images", String(images), ""],
          ["content", String(count), formatBytes(content)],
          ["being written", "", formatBytes(active)],
          ["garbage", "", formatBytes(reclaimable)],
        ]));
      })
    );
}
