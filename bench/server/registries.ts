/** The two registries that race, started over directories that stay. */

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { freePort } from "../../tests/support/free_port.ts";
import { send } from "./requests.ts";

/** A registry that runs. */
export interface Registry {
  name: "gantry" | "distribution";
  port: number;
  pid: number;
}

/** Starts one over its directory below this one. */
export async function start(
  name: Registry["name"],
  directory: string,
  executable: string,
): Promise<Registry> {
  const port = await freePort();
  const root = join(directory, name);
  const config = join(directory, "distribution.yml");
  await writeFile(
    config,
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${root} }, delete: { enabled: true } }
http: { addr: 127.0.0.1:${port} }
`,
  );
  return name === "gantry"
    ? await run(name, port, [executable, "registry", "serve", "--disk", root])
    : await run(name, port, ["registry", "serve", config]);
}

/** Runs one, and waits until it answers at this port. */
export async function run(
  name: Registry["name"],
  port: number,
  [program, ...args]: readonly string[],
  env: Record<string, string> = {},
): Promise<Registry> {
  const address = name === "gantry" ? ["--address", `127.0.0.1:${port}`] : []; // the other has it in its config
  const child = spawn(program!, [...args, ...address], {
    stdio: "ignore",
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none", ...env },
  });
  const registry = { name, port, pid: child.pid! };
  for (let tries = 0;; tries++) {
    try {
      await send(registry, "GET", "/v2/");
      return registry;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The most memory that it has had, in MB, since it was forgotten the last time. */
export function peakMemory({ pid }: Registry): number {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1000;
}

/** Forgets the most memory that it has had. */
export function forgetPeak({ pid }: Registry): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
