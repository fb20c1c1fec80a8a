#!/usr/bin/env node
/**
 * The `gantry` command: images from place to place, with crane's names and flags.
 *
 *     gantry copy alpine:3.20 localhost:5000/alpine:3.20
 *
 * @module
 */

import process from "node:process";

const stop = new AbortController();
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait.
    if (stop.signal.aborted) process.exit(code);
    process.exitCode = code;
    stop.abort(new DOMException(`ended by ${signal}`, "AbortError"));
  });
}
// The write itself reports that its reader has gone.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// Node keeps the JavaScript that it makes of TypeScript for the next run, which then starts three times as fast.
process.getBuiltinModule?.("node:module")?.enableCompileCache?.();

const { stdout, stderr, env } = process;
import("./program.ts")
  .then(({ run }) => run(process.argv.slice(2), { stdout, stderr, env, signal: stop.signal }))
  // Open connections must not keep the process alive.
  .then((code) => process.exit(code === 0 ? code : process.exitCode ?? code));
