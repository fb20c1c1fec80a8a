#!/usr/bin/env node
/**
 * The `gantry` command: copies and inspects images, with the names and flags of crane.
 *
 *     gantry copy alpine:3.20 localhost:5000/alpine:3.20
 *
 * @module
 */

import process from "node:process";

const stop = new AbortController();
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  process.on(signal, () => {
    // The second signal ends the process at once.
    if (stop.signal.aborted) process.exit(code);
    process.exitCode = code;
    stop.abort(new DOMException(`ended by ${signal}`, "AbortError"));
  });
}
// A failed write reports the error itself.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// Node caches the JavaScript that it compiles from TypeScript: the next run starts three times as fast.
process.getBuiltinModule?.("node:module")?.enableCompileCache?.();

const { stdout, stderr, env } = process;
import("./program.ts")
  .then(({ run }) => run(process.argv.slice(2), { stdout, stderr, env, signal: stop.signal }))
  // Open connections must not keep the process alive.
  .then((code) => process.exit(code === 0 ? code : process.exitCode ?? code));
