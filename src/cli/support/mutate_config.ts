import type { Configure, Image } from "../../image/mod.ts";
import type { Healthcheck } from "../../spec/config.ts";
import type { Platform } from "../../spec/platform.ts";
import type { CommandContext } from "../context.ts";

/** What `mutate` changes in a config. */
export interface ConfigFlags {
  author?: string;
  cmd?: string[];
  created?: string;
  entrypoint?: string[];
  env?: Record<string, string>;
  envRm?: string[];
  exposeAdd?: string[];
  exposeRm?: string[];
  exposedPorts?: string[];
  healthcheck?: { value: Healthcheck | null };
  label?: Record<string, string>;
  labelRm?: string[];
  onBuild?: string[];
  setPlatform?: Platform;
  shell?: string[];
  stopSignal?: string;
  user?: string;
  volumeAdd?: string[];
  volumeRm?: string[];
  workdir?: string;
}

/** The image with the config that the flags ask for. */
export async function changeConfig(
  image: Image,
  flags: ConfigFlags,
  context: CommandContext,
): Promise<Image> {
  const changes = await changesOf(image, flags, context);
  // These take the place of the ports that were there, as with crane.
  const cleared = flags.exposedPorts ? image.configure({ exposedPorts: null }) : image;
  return Object.values(changes).some((value) => value !== undefined) ? cleared.configure(changes) : cleared;
}

async function changesOf(image: Image, flags: ConfigFlags, context: CommandContext): Promise<Configure> {
  const { author, cmd, created, entrypoint, onBuild, shell, stopSignal, user, workdir } = flags;
  return {
    cmd,
    entrypoint,
    env: merged(flags.env && await namedFor(image, flags.env, context), flags.envRm),
    labels: merged(flags.label, flags.labelRm),
    user,
    workingDir: workdir,
    exposedPorts: sets([...flags.exposedPorts ?? [], ...flags.exposeAdd ?? []], flags.exposeRm),
    volumes: sets(flags.volumeAdd ?? [], flags.volumeRm),
    stopSignal,
    shell,
    onBuild,
    healthcheck: flags.healthcheck?.value,
    author,
    created,
    ...(flags.setPlatform && platformChanges(flags.setPlatform)),
  };
}

/** On Windows, where case does not matter in them, names of new variables are in capitals, as with crane. */
async function namedFor(
  image: Image,
  env: Record<string, string>,
  { signal }: CommandContext,
): Promise<Record<string, string>> {
  const { os, config } = await image.config({ signal });
  if (os !== "windows") return env;
  const known = new Set((config?.Env ?? []).map((line) => line.split("=", 1)[0]!));
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [known.has(name) ? name : name.toUpperCase(), value]),
  );
}

function platformChanges(platform: Platform): Configure {
  return {
    os: platform.os,
    architecture: platform.architecture,
    variant: platform.variant ?? null,
    osVersion: platform["os.version"] ?? null,
  };
}

function merged(
  set: Record<string, string> | undefined,
  removed: readonly string[] | undefined,
): Record<string, string | null> | undefined {
  if (!set && !removed) return undefined;
  return { ...Object.fromEntries((removed ?? []).map((name) => [name, null])), ...set };
}

function sets(
  added: readonly string[],
  removed: readonly string[] = [],
): Record<string, boolean> | undefined {
  if (added.length === 0 && removed.length === 0) return undefined;
  return Object.fromEntries([
    ...removed.map((name) => [name, false] as const),
    ...added.map((name) => [name, true] as const),
  ]);
}
