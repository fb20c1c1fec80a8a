import { spawn } from "node:child_process";
import process from "node:process";
import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** Environment variables. */
export type Variables = Record<string, string | undefined>;

/** How helpers are run. */
export interface HelperOptions {
  /** Their environment; `PATH` tells where they are. Default: that of the process. */
  env?: Variables | undefined;
  /** Milliseconds that one may take: it may ask its user something. Default: 30 000. */
  timeout?: number | undefined;
}

const mostOutput = 1 << 20;

/** Runs a program without a shell. What it leaves behind, such as a program of its own, is not waited for. */
export function execute(
  program: string,
  args: readonly string[],
  input: string,
  what: string,
  { env = process.env, timeout = 30_000 }: HelperOptions,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const fail = (why: string, cause?: unknown) => new GantryError("unavailable", `${what}: ${why}`, { cause });
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      env: { ...env },
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    const output = { stdout: "", stderr: "" };
    const stop = (error: Error) => {
      clearTimeout(timer);
      reject(error);
      if (child.pid === undefined) return; // it was never there
      child.kill("SIGKILL");
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.unref();
    };
    const timer = setTimeout(() => stop(fail(`it took longer than ${timeout / 1000} s`)), timeout);
    for (const name of ["stdout", "stderr"] as const) {
      const decoder = new TextDecoder();
      child[name].on("data", (chunk: Uint8Array) => {
        output[name] += decoder.decode(chunk, { stream: true });
        if (output[name].length > mostOutput) stop(fail(`it printed more than ${mostOutput} bytes`));
      });
    }
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT";
      stop(fail(missing ? `there is no ${program} in PATH` : error.message, error));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, ...output });
    });
    // It may end without having read what it is told.
    child.stdin.on("error", () => {});
    child.stdin.end(utf8(input));
  });
}
