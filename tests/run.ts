/**
 * Runs the tests under one runtime, passes on what it prints, and closes with a line `N passed, N failed` that counts
 * every single test. Those under `tests/interop/` need programs of others and run only when they are asked for; `wasm` has
 * the WASM engines do the work of the runtime's own (`support/force_wasm.ts`).
 *
 *     deno run -A tests/run.ts [deno|bun|node] [interop] [wasm]
 */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { preloadFlags, preloadVariable } from "./support/spawn.ts";

const commands: Record<string, (files: string[], interop: boolean, preload: string[]) => string[]> = {
  deno: (files, interop, preload) => {
    const test = ["deno", "test", "-A", "--quiet", ...preload];
    // The library's documentation holds examples; they run like tests. Peers want the machine to themselves.
    return interop
      ? [...test, ...files]
      : [...test, "--doc", "--parallel", ...files, "src", "mod.ts", "README.md"];
  },
  bun: (files, _, preload) => ["bun", "test", ...preload, "--timeout", "60000", ...files],
  node: (files, _, preload) => {
    const test = ["--disable-warning=ExperimentalWarning", "--test", "--test-reporter=tap"];
    return ["node", ...preload, ...test, ...files];
  },
};

/** Where each runtime says how many passed and failed. */
const summaries: Record<string, (output: string) => [number, number]> = {
  deno: (output) => {
    const [, passed = "0", steps = "0", failed = "1", failedSteps = "0"] =
      /\| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed(?: \((\d+) steps?\))?/.exec(output) ?? [];
    return [Number(passed) + Number(steps), Number(failed) + Number(failedSteps)];
  },
  bun: (
    output,
  ) => [Number(/^\s*(\d+) pass$/m.exec(output)?.[1] ?? 0), Number(/^\s*(\d+) fail$/m.exec(output)?.[1] ?? 1)],
  node: (output) => [
    Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0),
    Number(/^# fail (\d+)$/m.exec(output)?.[1] ?? 1),
  ],
};

function filesOf(interop: boolean): string[] {
  return readdirSync("tests", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("_test.ts") && name.startsWith("interop") === interop)
    .map((name) => `./tests/${name}`)
    .sort();
}

function run(runtime: string, interop: boolean, wasm: boolean): Promise<number> {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
  if (wasm) env[preloadVariable] = fileURLToPath(new URL("support/force_wasm.ts", import.meta.url));
  const [program, ...args] = commands[runtime]!(filesOf(interop), interop, preloadFlags(runtime, env));
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  const watch = (to: NodeJS.WriteStream) => (chunk: Uint8Array) => {
    output += new TextDecoder().decode(chunk);
    to.write(chunk);
  };
  child.stdout.on("data", watch(process.stdout));
  child.stderr.on("data", watch(process.stderr));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const [passed, failed] = summaries[runtime]!(output);
      console.log(`\n${passed} passed, ${failed} failed`);
      resolve(code === 0 && failed === 0 && passed > 0 ? 0 : 1);
    });
  });
}

const words = process.argv.slice(2);
const runtime = words.find((word) => word in commands) ?? "deno";
process.exitCode = await run(runtime, words.includes("interop"), words.includes("wasm"));
