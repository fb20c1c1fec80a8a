import process from "node:process";
import { onDisk } from "../../disk/errors.ts";
import { GantryError } from "../../errors.ts";
import type { Image } from "../../image/image.ts";
import type { Layer } from "../../image/layer.ts";
import type { Node } from "../../tree/node.ts";
import { mergeLayers } from "../../tree/open.ts";
import { Incomplete } from "./incomplete.ts";
import type { UnpackOptions } from "./options.ts";
import { Owners, ownersSuffix } from "./owners.ts";
import { Staging } from "./staging.ts";
import { Writer } from "./writer.ts";

/** What is at hand while something is unpacked. */
export interface Job {
  incomplete: Incomplete;
  writer: Writer;
  /** Reads the layers into the staging directory and merges them; `onMerged` is called after each, the base first. */
  merge(onMerged?: (root: Node, layer: number) => void): Promise<Node>;
  /** Writes the file of owners beside the directory, where they are recorded. */
  writeOwners(): void;
}

/** Unpacks something to a directory; what is left when it fails is removed. */
export async function unpacking<T>(
  image: Image | readonly Layer[],
  directory: string,
  options: UnpackOptions,
  work: (job: Job) => Promise<T>,
): Promise<T> {
  const { signal, wait, jobs, limits = {} } = options;
  if (process.platform === "win32") {
    throw new GantryError(
      "unsupported",
      `unpack to ${JSON.stringify(directory)}: not on Windows, whose disks hold no such files`,
    );
  }
  return await onDisk(`unpack to ${JSON.stringify(directory)}`, async () => {
    await using incomplete = await Incomplete.begin(directory, { signal, wait });
    incomplete.refuseOther();
    const owners = new Owners(options.owners);
    const { flushesEach } = incomplete;
    const staging = new Staging({ directory: incomplete.make("content"), owners, limits, flushesEach });
    try {
      return await work({
        incomplete,
        writer: new Writer({ staging, owners, limits, signal }),
        async merge(onMerged) {
          const merging = { content: false, sink: () => staging.sink(), signal, jobs, limits, onMerged };
          return (await mergeLayers(image, merging)).root;
        },
        writeOwners() {
          if (owners.areRecorded) incomplete.writeBeside(ownersSuffix, textOf(owners.recorded));
        },
      });
    } finally {
      staging.close();
    }
  });
}

function textOf(recorded: Owners["recorded"]): string {
  const lines = [...recorded].map(([path, owner]) => `${JSON.stringify(path)}:${JSON.stringify(owner)}`);
  return `{${lines.join(",\n")}}\n`;
}
