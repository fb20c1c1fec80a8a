/**
 * Messages to and from a worker thread, in Deno, Bun, Node and browsers.
 *
 * @module
 */

import type { Worker as NodeWorker } from "node:worker_threads";
import { createGunzip } from "./gunzip.ts";
import { inflateReasons } from "./inflater.ts";
import { type Answer, type Request, serve } from "./worker.ts";

/** Who gets what a thread sends. */
export interface Listener {
  answered(answer: Answer): void;
  failed(error: Error): void;
}

/** A connection to a thread that runs the program of worker.ts. */
export interface Channel {
  post(request: Request, transfer: readonly ArrayBuffer[]): void;
  /** Sets who gets the answers from now on. */
  listen(listener: Listener): void;
  /** Whether the thread keeps the process alive. */
  keepAlive(on: boolean): void;
  /** Stops the thread. */
  end(): void;
}

/**
 * Starts a thread.
 *
 * @throws Whatever a runtime throws that starts no threads.
 */
export function openChannel(): Channel {
  // Deno's Worker keeps the process alive; its node:worker_threads need not, and answer faster.
  const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  const web = typeof Worker === "function" && "unref" in Worker.prototype;
  return node && !web ? openNode(node.Worker) : openWeb();
}

/** The program of a thread, as text, for the thread's end of the channel. */
function programFor(port: string): string {
  return `(${serve})(${port}, ${createGunzip}, ${JSON.stringify(inflateReasons)})`;
}

function openNode(Thread: typeof NodeWorker): Channel {
  const port = `process.getBuiltinModule("node:worker_threads").parentPort`;
  const worker = new Thread(programFor(port), { eval: true });
  let listener: Listener | undefined;
  worker.on("message", (answer: Answer) => listener?.answered(answer));
  worker.on("error", (error: Error) => listener?.failed(error));
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    listen: (next) => void (listener = next),
    keepAlive: (on) => on ? worker.ref() : worker.unref(),
    end: () => void worker.terminate(),
  };
}

function openWeb(): Channel {
  const url = URL.createObjectURL(new Blob([programFor("self")], { type: "text/javascript" }));
  const worker: Worker & { ref?(): void; unref?(): void } = new Worker(url, { type: "module" });
  let listener: Listener | undefined;
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    URL.revokeObjectURL(url);
    listener?.answered(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    URL.revokeObjectURL(url);
    listener?.failed(new Error(`a thread failed: ${event.message}`));
  };
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    listen: (next) => void (listener = next),
    keepAlive: (on) => on ? worker.ref?.() : worker.unref?.(),
    end: () => worker.terminate(),
  };
}
