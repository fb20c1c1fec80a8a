/**
 * Runs the tests under one runtime, passes on what it prints, and closes with a line `N passed, N failed` that counts
 * every single test.
 *
 *     deno run -A tests/run.ts [deno|bun|node] [doc] [interop] [wasm] [coverage] [PATH…]
 *
 * `doc` (Deno) runs the examples in the documentation instead. Tests under `tests/interop/` need programs of others and
 * run only when they are asked for. `wasm` has the WASM engines do the work of the runtime's own (`support/force_wasm.ts`).
 * `coverage` (Deno) prints which lines ran, and keeps the report in `coverage/`. Each PATH is a test file or a directory
 * of them; in Deno one below `src` runs the examples in its documentation.
 */

import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { preloadFlags, preloadVariable } from "./support/spawn.ts";

interface Run {
  runtime: string;
  doc: boolean;
  interop: boolean;
  wasm: boolean;
  coverage: boolean;
  /** Only these. Default: all. */
  paths: readonly string[];
}

/** Many tests wait for processes that they start: one more runs than there are processors. Peers want the machine alone. */
const jobs = availableParallelism() + 1;

const commands: Record<string, (files: string[], run: Run, preload: string[]) => string[]> = {
  deno: (files, { doc, interop, coverage, paths }, preload) => {
    const test = ["deno", "test", "-A", "--quiet", ...preload];
    if (coverage) test.push("--coverage=coverage");
    if (paths.length > 0) return [...test, "--doc", ...files];
    if (doc) return [...test, "--doc", "--parallel", "src", "mod.ts", "README.md"];
    return interop ? [...test, ...files] : [...test, "--parallel", ...files];
  },
  // What takes a second may take a minute on a machine that is busy. The other two have no such limit.
  bun: (files, _, preload) => ["bun", "test", ...preload, "--timeout", "300000", ...files],
  node: (files, { interop }, preload) => {
    // This reporter tells the failures again at the end, where a long log is read first.
    const test = ["--test", "--test-reporter=spec", `--test-concurrency=${interop ? 1 : jobs}`];
    return ["node", "--disable-warning=ExperimentalWarning", ...preload, ...test, ...files];
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
    Number(/^ℹ pass (\d+)$/m.exec(output)?.[1] ?? 0),
    Number(/^ℹ fail (\d+)$/m.exec(output)?.[1] ?? 1),
  ],
};

/** All tests, or those at the paths: Bun and Node want to be told every file. */
function filesOf({ runtime, interop, paths }: Run): string[] {
  if (paths.length === 0) {
    return testsIn("tests").filter((path) => path.startsWith("./tests/interop/") === interop);
  }
  return paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return `./${path.replace(/^\.\//, "")}`;
    const tests = testsIn(path.replace(/\/+$/, ""));
    return tests.length === 0 && runtime === "deno" ? path : tests;
  });
}

function testsIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("_test.ts"))
    .map((name) => `./${directory}/${name.replaceAll("\\", "/")}`)
    .sort();
}

async function runTests(run: Run): Promise<number> {
  const { runtime, wasm, coverage } = run;
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
  env["DENO_JOBS"] ??= String(jobs);
  if (wasm) env[preloadVariable] = fileURLToPath(new URL("support/force_wasm.ts", import.meta.url));
  const { code, output } = await execute(
    commands[runtime]!(filesOf(run), run, preloadFlags(runtime, env)),
    env,
  );
  if (coverage) await execute(["deno", "coverage", "--quiet", "--include=/(src|wasm)/", "coverage"], env);
  const [passed, failed] = summaries[runtime]!(output);
  console.log(`\n${passed} passed, ${failed} failed`);
  return code === 0 && failed === 0 && passed > 0 ? 0 : 1;
}

/** Runs a program, passes on what it prints, and gives it too. */
function execute(
  [program, ...args]: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  const watch = (to: NodeJS.WriteStream) => {
    const decoder = new TextDecoder();
    return (chunk: Uint8Array) => {
      output += decoder.decode(chunk, { stream: true });
      to.write(chunk);
    };
  };
  child.stdout.on("data", watch(process.stdout));
  child.stderr.on("data", watch(process.stderr));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

const words = process.argv.slice(2);
const modes = ["doc", "interop", "wasm", "coverage"];
process.exitCode = await runTests({
  runtime: words.find((word) => word in commands) ?? "deno",
  doc: words.includes("doc"),
  interop: words.includes("interop"),
  wasm: words.includes("wasm"),
  coverage: words.includes("coverage"),
  paths: words.filter((word) => !(word in commands) && !modes.includes(word)),
});
