import type { ConfigFile } from "../../spec/config.ts";
import type { Edit } from "../edit.ts";

/** What to change in a config. */
export interface Configure {
  /** Arguments of the entrypoint, or the command itself. */
  cmd?: string[] | undefined;
  /** What is run. As with Docker, the command that was there goes with the old entrypoint. */
  entrypoint?: string[] | undefined;
  /** Variables to set, in place where they are set already. */
  env?: Record<string, string> | undefined;
  /** Labels to set. */
  labels?: Record<string, string> | undefined;
  /** Who it runs as: `user`, `uid`, `user:group`. */
  user?: string | undefined;
  /** Where it runs. */
  workingDir?: string | undefined;
  /** Ports it listens on: `8080/tcp`. */
  exposedPorts?: string[] | undefined;
  /** When the image was made, RFC 3339. */
  created?: string | undefined;
  /** Who made it. */
  author?: string | undefined;
  /** The processor it is for, as Go names it. */
  architecture?: string | undefined;
  /** The operating system it is for. */
  os?: string | undefined;
  /** The variant of the processor. */
  variant?: string | undefined;
}

/**
 * Sets fields of the config; what is not named stays as it is.
 *
 * @example
 * ```ts
 * import { configure, emptyImage } from "@gantry/oci/image";
 *
 * const image = emptyImage().edit(configure({ user: "1000" }));
 * console.log((await image.config()).config?.User); // 1000
 * ```
 */
export function configure(changes: Configure): Edit {
  return {
    config(file) {
      setContainer(file, changes);
      setImage(file, changes);
    },
  };
}

function setContainer(file: ConfigFile, changes: Configure): void {
  const config = file.config ??= {};
  if (changes.entrypoint) {
    config.Entrypoint = changes.entrypoint;
    delete config.Cmd;
  }
  if (changes.cmd) config.Cmd = changes.cmd;
  if (changes.env) config.Env = withVariables(config.Env ?? [], changes.env);
  if (changes.labels) config.Labels = { ...config.Labels, ...changes.labels };
  if (changes.user !== undefined) config.User = changes.user;
  if (changes.workingDir !== undefined) config.WorkingDir = changes.workingDir;
  if (changes.exposedPorts) {
    const ports = changes.exposedPorts.map((port) => [port, {}] as const);
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports) };
  }
}

function setImage(file: ConfigFile, changes: Configure): void {
  if (changes.created !== undefined) file.created = changes.created;
  if (changes.author !== undefined) file.author = changes.author;
  if (changes.architecture !== undefined) file.architecture = changes.architecture;
  if (changes.os !== undefined) file.os = changes.os;
  if (changes.variant !== undefined) file.variant = changes.variant;
}

function withVariables(env: readonly string[], changes: Record<string, string>): string[] {
  const left = new Map(Object.entries(changes));
  const kept = env.map((line) => {
    const name = line.split("=", 1)[0]!;
    const value = left.get(name);
    return left.delete(name) ? `${name}=${value}` : line;
  });
  return [...kept, ...[...left].map(([name, value]) => `${name}=${value}`)];
}
