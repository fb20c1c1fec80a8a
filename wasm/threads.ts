/**
 * Threads that run the core, in Deno, Bun, Node and browsers.
 *
 * @module
 */

import { GantryError } from "../src/errors.ts";
import type { Core } from "./core.ts";
import { type Answer, type Request, type Result, serve } from "./worker.ts";

/** A thread with the core. */
export interface Thread {
  /** Whether it runs: true once it does, false if it cannot or has stopped. */
  readonly ready: Promise<boolean>;
  /** How many calls it has not answered. */
  readonly calls: number;
  /** Asks it for something. What it is given belongs to it afterwards. */
  call(request: Request, transfer: readonly ArrayBuffer[]): Promise<Result>;
  /** Stops it, whatever it does; calls that it has not answered fail. */
  end(): void;
}

/** How many threads: so many, or as many as the machine has processors, 8 at most. */
export type ThreadCount = number | "auto";

/**
 * How many threads that is; 0 means that there is nothing to gain from any.
 *
 * @throws {GantryError} `unsupported` for anything but "auto" and whole numbers from 0 to 64.
 */
export function threadCount(work: string, workers: ThreadCount = 0): number {
  if (workers === "auto") {
    const processors = globalThis.navigator?.hardwareConcurrency ?? 1;
    return processors > 1 ? Math.min(processors, 8) : 0;
  }
  if (Number.isInteger(workers) && workers >= 0 && workers <= 64) return workers;
  throw new GantryError("unsupported", `${work}: ${workers} workers, from 0 to 64 can be had`);
}

/** Starts a thread. Where there are none it is never ready; the caller does the work itself then. */
export function startThread(core: Core, hash: "lanes" | "native" = "lanes"): Thread {
  const waiting: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  let stopped: Error | undefined;
  const stop = (error: Error) => {
    stopped ??= error;
    channel?.end();
    for (const { reject } of waiting.splice(0)) reject(stopped);
  };
  const answered = (answer: Answer) => {
    const asked = waiting.shift();
    // Stopped while the answer was on its way.
    if (!asked) return;
    const { resolve, reject } = asked;
    if ("error" in answer) reject(new Error(answer.error));
    else resolve(answer.result);
  };
  const call = (request: Request, transfer: readonly ArrayBuffer[]) =>
    new Promise<Result>((resolve, reject) => {
      if (stopped) return reject(stopped);
      waiting.push({ resolve, reject });
      channel!.post(request, transfer);
    });
  let channel: Channel | undefined;
  try {
    channel = open(answered, stop);
  } catch (error) {
    stopped = new Error("this runtime starts no threads", { cause: error });
  }
  const ready = call({ work: "start", module: core.module, hash }, []).then(() => true, () => false);
  return {
    ready,
    get calls() {
      return waiting.length;
    },
    call,
    end: () => stop(new Error("the thread was stopped")),
  };
}

interface Channel {
  post(request: Request, transfer: readonly ArrayBuffer[]): void;
  end(): void;
}

function open(answered: (answer: Answer) => void, failed: (error: Error) => void): Channel {
  if (typeof Worker === "function") return openWeb(answered, failed);
  // Node has no Worker of the Web.
  const { Worker: NodeWorker } = globalThis.process.getBuiltinModule("node:worker_threads");
  const port = `process.getBuiltinModule("node:worker_threads").parentPort`;
  const worker = new NodeWorker(`(${serve})(${port})`, { eval: true });
  worker.on("message", answered);
  worker.on("error", failed);
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    end: () => void worker.terminate(),
  };
}

function openWeb(answered: (answer: Answer) => void, failed: (error: Error) => void): Channel {
  const url = URL.createObjectURL(new Blob([`(${serve})(self)`], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    URL.revokeObjectURL(url);
    answered(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    URL.revokeObjectURL(url);
    failed(new Error(`a thread failed: ${event.message}`));
  };
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    end: () => worker.terminate(),
  };
}
