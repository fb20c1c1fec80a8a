#!/usr/bin/env node
/**
 * The `gantry` command: copies and inspects images, with the names and flags of crane.
 *
 *     gantry copy alpine:3.20 localhost:5000/alpine:3.20
 *
 * @module
 */

import process from "node:process";
import { type CommandEnvironment, write } from "./environment.ts";
import { standardOutput } from "./support/standard_output.ts";

const stop = new AbortController();
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  process.on(signal, () => {
    // The second signal ends the process at once.
    if (stop.signal.aborted) process.exit(code);
    process.exitCode = code;
    // Whatever hangs then is left as a killed process leaves it, from which the same command goes on.
    setTimeout(() => process.exit(code), environment.patience);
    stop.abort(new DOMException(`ended by ${signal}`, "AbortError"));
  });
}
// Node caches the JavaScript that it compiles from TypeScript: the next run starts three times as fast.
process.getBuiltinModule?.("node:module")?.enableCompileCache?.();

const environment: CommandEnvironment = {
  stdout: standardOutput(1),
  stderr: standardOutput(2),
  env: process.env,
  signal: stop.signal,
  patience: 180,
};
const args = process.argv.slice(2);
// What scripts ask first needs no parser of options, which takes longer than all the rest.
const running = args.length === 1 && args[0] === "version"
  ? import("./version.ts").then(({ versionLine }) => write(environment.stdout, versionLine)).then(() => 0)
  : import("./program.ts").then(({ run }) => run(args, environment));
running
  // Open connections must not keep the process alive.
  .then((code) => process.exit(code === 0 ? code : process.exitCode ?? code));
