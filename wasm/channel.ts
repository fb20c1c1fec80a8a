/**
 * How to talk to a thread in Deno, Bun, Node and browsers.
 *
 * @module
 */

import type { Worker as NodeWorker } from "node:worker_threads";
import { type Answer, type Request, serve } from "./worker.ts";

/** What a thread says. */
export interface Listener {
  answered(answer: Answer): void;
  failed(error: Error): void;
}

/** A thread that runs the program of worker.ts. */
export interface Channel {
  post(request: Request, transfer: readonly ArrayBuffer[]): void;
  /** Who hears the answers from now on. */
  listen(by: Listener): void;
  /** Whether the process stays for it. */
  hold(on: boolean): void;
  end(): void;
}

/**
 * Starts a thread.
 *
 * @throws Whatever the runtime throws that starts none.
 */
export function openChannel(): Channel {
  // Deno's Worker would hold the process for ever; its node:worker_threads does not, and answers faster.
  const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  const web = typeof Worker === "function" && "unref" in Worker.prototype;
  return node && !web ? openNode(node.Worker) : openWeb();
}

function openNode(Thread: typeof NodeWorker): Channel {
  const port = `process.getBuiltinModule("node:worker_threads").parentPort`;
  const worker = new Thread(`(${serve})(${port})`, { eval: true });
  let listener: Listener | undefined;
  worker.on("message", (answer: Answer) => listener?.answered(answer));
  worker.on("error", (error: Error) => listener?.failed(error));
  return {
    post: (request, transfer) => worker.postMessage(request, [...transfer]),
    listen: (by) => void (listener = by),
    hold: (on) => on ? worker.ref() : worker.unref(),
    end: () => void worker.terminate(),
  };
}

function openWeb(): Channel {
  const url = URL.createObjectURL(new Blob([`(${serve})(self)`], { type: "text/javascript" }));
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
    listen: (by) => void (listener = by),
    hold: (on) => on ? worker.ref?.() : worker.unref?.(),
    end: () => worker.terminate(),
  };
}
