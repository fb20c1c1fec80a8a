import { GantryError } from "../../errors.ts";
import type { ConfigFile, ContainerConfig, Healthcheck } from "../../spec/config.ts";
import type { Edit } from "../edit.ts";

/** What to change in a config. A field that is null is removed; one that is left out stays as it is. */
export interface Configure {
  /** Arguments of the entrypoint, or the command itself. */
  cmd?: string[] | null | undefined;
  /** What is run. As with Docker, the command that was there goes with the old entrypoint. */
  entrypoint?: string[] | null | undefined;
  /** Variables to set, in place where they are set already; null removes one. */
  env?: Record<string, string | null> | null | undefined;
  /** Labels to set; null removes one. */
  labels?: Record<string, string | null> | null | undefined;
  /** Who it runs as: `user`, `uid`, `user:group`. */
  user?: string | null | undefined;
  /** Where it runs. */
  workingDir?: string | null | undefined;
  /** Ports it listens on, such as `8080/tcp`, to be added; as an object, false removes one. */
  exposedPorts?: readonly string[] | Record<string, boolean> | null | undefined;
  /** Directories whose content is a container's own, to be added; as an object, false removes one. */
  volumes?: readonly string[] | Record<string, boolean> | null | undefined;
  /** The signal that asks to stop. */
  stopSignal?: string | null | undefined;
  /** How to tell whether a container is well. */
  healthcheck?: Healthcheck | null | undefined;
  /** The shell of commands that are given as one string. */
  shell?: string[] | null | undefined;
  /** Instructions for builds on top of it. */
  onBuild?: string[] | null | undefined;
  /** Windows: the command is one line, escaped already. */
  argsEscaped?: boolean | null | undefined;
  /** When the image was made, RFC 3339. */
  created?: string | null | undefined;
  /** Who made it. */
  author?: string | null | undefined;
  /** The processor it is for, as Go names it. */
  architecture?: string | undefined;
  /** The operating system it is for. */
  os?: string | undefined;
  /** The variant of the processor. */
  variant?: string | null | undefined;
  /** The version of the operating system. */
  osVersion?: string | null | undefined;
  /** What the operating system must offer. */
  osFeatures?: string[] | null | undefined;
}

/**
 * Sets and removes fields of the config; what is not named stays as it is.
 *
 * @throws {GantryError} `invalid-name` for a variable whose name is empty or has `=` in it.
 *
 * @example
 * ```ts
 * import { configure, emptyImage } from "@gantry/oci/image";
 *
 * const image = emptyImage().edit(configure({ user: "1000", volumes: ["/data"] }));
 * console.log((await image.config()).config); // { User: "1000", Volumes: { "/data": {} } }
 * console.log((await image.edit(configure({ user: null, volumes: null })).config()).config); // {}
 * ```
 */
export function configure(changes: Configure): Edit {
  for (const name of Object.keys(changes.env ?? {})) {
    if (name !== "" && !name.includes("=")) continue;
    throw new GantryError(
      "invalid-name",
      `configure image: ${JSON.stringify(name)} cannot be a variable's name`,
    );
  }
  return {
    config(file) {
      if (changesContainer(changes)) setContainer(file.config ??= {}, changes);
      setImage(file, changes);
    },
  };
}

/** Fields that are set or removed as they are: ours, and the config's. */
const containerFields = [
  ["cmd", "Cmd"],
  ["user", "User"],
  ["workingDir", "WorkingDir"],
  ["stopSignal", "StopSignal"],
  ["healthcheck", "Healthcheck"],
  ["shell", "Shell"],
  ["onBuild", "OnBuild"],
  ["argsEscaped", "ArgsEscaped"],
] as const;

const imageFields = [
  ["created", "created"],
  ["author", "author"],
  ["architecture", "architecture"],
  ["os", "os"],
  ["variant", "variant"],
  ["osVersion", "os.version"],
  ["osFeatures", "os.features"],
] as const;

function changesContainer(changes: Configure): boolean {
  const others = ["entrypoint", "env", "labels", "exposedPorts", "volumes"] as const;
  return [...containerFields.map(([name]) => name), ...others].some((name) => changes[name] !== undefined);
}

function setContainer(config: ContainerConfig, changes: Configure): void {
  const { entrypoint, env, labels, exposedPorts, volumes } = changes;
  if (entrypoint !== undefined) {
    put(config, "Entrypoint", entrypoint);
    if (entrypoint !== null) delete config.Cmd;
  }
  for (const [name, field] of containerFields) put(config, field, changes[name]);
  if (env !== undefined) put(config, "Env", env && withVariables(config.Env ?? [], env));
  if (labels !== undefined) put(config, "Labels", labels && withLabels(config.Labels ?? {}, labels));
  if (exposedPorts !== undefined) put(config, "ExposedPorts", withKeys(config.ExposedPorts, exposedPorts));
  if (volumes !== undefined) put(config, "Volumes", withKeys(config.Volumes, volumes));
}

function setImage(file: ConfigFile, changes: Configure): void {
  for (const [name, field] of imageFields) put(file, field, changes[name]);
}

function put<T, K extends keyof T>(object: T, name: K, value: T[K] | null | undefined): void {
  if (value === null) delete object[name];
  else if (value !== undefined) object[name] = value;
}

function withVariables(env: readonly string[], changes: Record<string, string | null>): string[] {
  const left = new Map(Object.entries(changes));
  const kept = env.flatMap((line) => {
    const name = line.split("=", 1)[0]!;
    const value = left.get(name);
    if (value === undefined) return [line];
    if (value === null) return [];
    left.delete(name);
    return [`${name}=${value}`];
  });
  const added = [...left].flatMap(([name, value]) => value === null ? [] : [`${name}=${value}`]);
  return [...kept, ...added];
}

function withLabels(
  labels: Record<string, string>,
  changes: Record<string, string | null>,
): Record<string, string> | null {
  const changed = { ...labels };
  for (const [name, value] of Object.entries(changes)) put(changed, name, value);
  return Object.keys(changed).length > 0 ? changed : null;
}

function withKeys(
  keys: Record<string, unknown> | null | undefined,
  changes: readonly string[] | Record<string, boolean> | null,
): Record<string, unknown> | null {
  if (changes === null) return null;
  const changed = { ...keys };
  const wanted = Array.isArray(changes)
    ? changes.map((name: string) => [name, true] as const)
    : Object.entries(changes);
  for (const [name, there] of wanted) {
    if (!there) delete changed[name];
    else changed[name] ??= {};
  }
  return Object.keys(changed).length > 0 ? changed : null;
}
