/** Runs scripts in processes of their own, under the runtime that runs the tests. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A process and what it printed. */
export interface Script {
  /** The process. */
  child: ChildProcess;
  /** Resolves at its end, with what it printed; never rejects. */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Starts a script of the tests; `url` is its place, from `new URL("…", import.meta.url)`. */
export function startScript(url: URL, args: readonly string[]): Script {
  const script = fileURLToPath(url);
  const before = "Deno" in globalThis ? ["run", "-A", "--quiet", "--no-check"] : [];
  const child = spawn(process.execPath, [...before, script, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", NODE_NO_WARNINGS: "1" },
  });
  let stdout = "", stderr = "";
  child.stdout.on("data", (chunk: Uint8Array) => stdout += new TextDecoder().decode(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => stderr += new TextDecoder().decode(chunk));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}
