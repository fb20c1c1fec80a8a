import { type Ended, run } from "./programs.ts";

let atOnce: Promise<boolean> | undefined;

/** Whether this system can flush a file system at once, which no runtime can do itself. It is tried only once. */
export function canFlushAtOnce(): Promise<boolean> {
  // There is nothing to be flushed there: it fails where `sync` is not there, or knows no file systems.
  return atOnce ??= flushAtOnce("/proc").then(({ ok }) => ok);
}

/** Flushes the file system that a path is on. */
export function flushAtOnce(path: string): Promise<Ended> {
  return run("sync", ["-f", path]);
}
