import { stat } from "node:fs/promises";
import { GantryError } from "../../errors.ts";
import { type Image, selectImage } from "../../image/mod.ts";
import { openNamed } from "../../places/open.ts";
import { recognizePath } from "../../places/schemes.ts";
import type { CommandContext } from "../context.ts";
import { openOne } from "./open.ts";

/** What no reference begins with. */
const isPath = /^[./]/;

/**
 * The image at a place, or in a file or directory by its path alone: what begins with a dot or a slash is a path, and so
 * is the name of a file that is there. Of an index, the image for `--platform`, or else for linux/amd64.
 */
export async function openAnywhere(from: string, context: CommandContext): Promise<Image> {
  if (!await isOnDisk(from)) return await openOne(from, context);
  const { signal, platform } = context;
  const place = await recognizePath(from);
  if (!place) {
    throw new GantryError("not-found", `open ${JSON.stringify(from)}: neither an archive nor an OCI layout`);
  }
  const source = place.source({ registry: await context.registries() });
  const root = await openNamed({ source }, `open ${JSON.stringify(from)}`, { signal });
  return await selectImage(root, platform, { signal });
}

/** Whether a file or directory is meant, by its path alone. */
export async function isOnDisk(from: string): Promise<boolean> {
  return isPath.test(from) || await isFile(from);
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then((found) => found.isFile(), () => false);
}
