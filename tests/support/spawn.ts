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

/** Names a module that every process of a run of tests loads first. */
export const preloadVariable = "GANTRY_TEST_PRELOAD";

/** What a runtime is told of that module. */
export function preloadFlags(
  runtime: string = runtimeHere(),
  env: Record<string, string | undefined> = process.env,
): string[] {
  const module = env[preloadVariable];
  return module === undefined ? [] : [runtime === "node" ? "--import" : "--preload", module];
}

/** The runtime that runs the tests, and what it needs to run a script. */
export function scriptCommand(): string[] {
  const deno = runtimeHere() === "deno" ? ["run", "-A", "--quiet", "--no-check"] : [];
  return [process.execPath, ...deno, ...preloadFlags()];
}

function runtimeHere(): string {
  return "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
}

/** Starts a script of the tests; `url` is its place, from `new URL("…", import.meta.url)`. */
export function startScript(url: URL, args: readonly string[], env: Record<string, string> = {}): Script {
  const script = fileURLToPath(url);
  const [program, ...before] = scriptCommand();
  const child = spawn(program!, [...before, script, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", NODE_NO_WARNINGS: "1", ...env },
  });
  let stdout = "", stderr = "";
  child.stdout.on("data", (chunk: Uint8Array) => stdout += new TextDecoder().decode(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => stderr += new TextDecoder().decode(chunk));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}
