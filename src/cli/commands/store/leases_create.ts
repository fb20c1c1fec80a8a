import { type Command, InvalidArgumentError } from "commander";
import { isDigest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";
import { imageName, parseLabels, withStore } from "../../support/store.ts";

interface CreateFlags {
  id?: string;
  expires?: number;
  label?: string[];
}

/** `gantry leases create` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[kept...]", "names of images or digests of content that it keeps")
    .option("--id <id>", "what it is called (default: a name of its own)")
    .option("--expires <seconds>", "for how long it holds (default: until it is ended)", parseSeconds)
    .option("--label <label...>", "KEY=VALUE")
    .action((kept: string[], { id, expires, label = [] }: CreateFlags) =>
      withStore(context, async (there) => {
        const lease = await there.leases.create({
          id,
          labels: parseLabels(label),
          ...(expires !== undefined && { expires: new Date(Date.now() + expires * 1000) }),
        });
        for (const one of kept) {
          const resource = isDigest(one)
            ? { type: "content", id: one } as const
            : { type: "images", id: await imageName(there, one) } as const;
          await there.leases.addResource(lease.id, resource);
        }
        await context.print(`${lease.id}\n`);
      })
    );
}

function parseSeconds(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of seconds.");
}
