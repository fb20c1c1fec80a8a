import type { Store } from "../../store/mod.ts";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { hostPlatform, runsOnHost } from "../../spec/host_platform.ts";
import type { PlatformMatcher } from "../../spec/platform_match.ts";
import { madeFor } from "../../spec/platform_match.ts";
import { formatReference, parseReference } from "../../spec/reference.ts";
import type { CommandContext } from "../context.ts";
import { openStore } from "./open_store.ts";

/** Does something with the store that the command line names. */
export async function withStore<T>(context: CommandContext, work: (there: Store) => Promise<T>): Promise<T> {
  const there = await openStore(context.storeDirectory, context.environment.env);
  try {
    return await work(there);
  } finally {
    await there.close();
  }
}

/** The name of an image in full, where it is a reference; else as it stands, as images may be called anything. */
export async function imageName(there: Store, text: string): Promise<string> {
  const known = await there.images.get(text).then(() => true, () => false);
  if (known) return text;
  try {
    return formatReference(parseReference(text));
  } catch {
    return text;
  }
}

/** Which images of an index are meant: those asked for, those of this machine by default, or all of them. */
export async function platformsAsked(
  { options, platform }: CommandContext,
): Promise<PlatformMatcher | undefined> {
  if (options.platform?.at(-1) === "all") return undefined;
  if (platform) return madeFor(platform);
  const cpuinfo = await readFile("/proc/cpuinfo", "utf8").catch(() => undefined);
  return runsOnHost(hostPlatform({ os: process.platform, architecture: process.arch, cpuinfo }));
}

/** `KEY=VALUE` as a label; without a value it takes the label away. */
export function parseLabels(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const at = text.indexOf("=");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  }));
}

/** Labels as they are shown: `a=1,b=2`, or a dash. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`).sort().join(",") || "-";
}
