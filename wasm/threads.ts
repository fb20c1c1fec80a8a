/**
 * Worker threads that run the core.
 *
 * @module
 */

import { GantryError } from "../src/errors.ts";
import { type Channel, openChannel } from "./channel.ts";
import type { Core } from "./core.ts";
import type { Answer, Request, Result } from "./worker.ts";

/** How many threads work, the caller's among them; `"auto"` for as many as there are processors, at most 8. */
export type Workers = number | "auto";

/**
 * The number of workers; `task` begins the error's message.
 *
 * @throws {GantryError} `unsupported` for anything but "auto" and whole numbers from 1 to 64.
 */
export function workerCountOf(task: string, workers: Workers = 1): number {
  if (workers === "auto") return Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, 8);
  if (Number.isInteger(workers) && workers >= 1 && workers <= 64) return workers;
  throw new GantryError("unsupported", `${task}: ${workers} workers, from 1 to 64 can be had`);
}

/** A thread that nobody uses. */
interface IdleThread {
  module: WebAssembly.Module;
  channel: Channel;
  /** Takes it out of the set, for another user. */
  take(): void;
}

/** How long a thread is kept for the next user, in milliseconds. Starting one takes about 50. */
const idleTimeout = 5000;
const idleThreads = new Set<IdleThread>();

/** Keeps a thread for the next user, and ends it after a while. */
function keepIdle(module: WebAssembly.Module, channel: Channel): void {
  // Only these timers can be told not to keep the process alive, in Deno, Bun and Node alike.
  const { setTimeout, clearTimeout } = globalThis.process?.getBuiltinModule?.("node:timers") ?? globalThis;
  const take = () => {
    idleThreads.delete(idle);
    clearTimeout(timer as number);
  };
  const end = () => {
    take();
    channel.end();
  };
  const timer: { unref?(): void } | number = setTimeout(end, idleTimeout);
  if (typeof timer === "object") timer.unref?.();
  const idle = { module, channel, take };
  channel.listen({ answered() {}, failed: end });
  idleThreads.add(idle);
}

/** A worker thread with the core. */
export class Thread {
  /** Becomes true once it runs, or false if it does not start. In a runtime without threads it is always false. */
  readonly ready: Promise<boolean>;
  readonly #module: WebAssembly.Module;
  readonly #pending: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  #channel: Channel | undefined;
  /** Why it takes no more calls. */
  #ended: Error | undefined;

  /** Takes an idle thread, or starts one. */
  constructor({ module }: Core) {
    this.#module = module;
    const idle = [...idleThreads].find((idle) => idle.module === module);
    idle?.take();
    try {
      this.#channel = idle?.channel ?? openChannel();
      this.#channel.listen({
        answered: (answer) => this.#answered(answer),
        failed: (error) => this.#stop(error),
      });
    } catch (cause) {
      this.#ended = new Error("this runtime starts no threads", { cause });
    }
    this.ready = idle
      ? Promise.resolve(true)
      : this.call({ work: "start", module }, []).then(() => true, () => false);
  }

  /** How many calls it has not answered. */
  get calls(): number {
    return this.#pending.length;
  }

  /** Has it do something. The buffers in `transfer` belong to it afterwards. */
  call(request: Request, transfer: readonly ArrayBuffer[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (this.calls === 0) this.#channel!.keepAlive(true);
      this.#pending.push({ resolve, reject });
      this.#channel!.post(request, transfer);
    });
  }

  /** Gives it up. If it has answered everything it is kept for the next user for a while, else it is stopped. */
  end(): void {
    if (this.#ended) return;
    const error = new Error("the thread was given up");
    if (this.calls > 0) return this.#stop(error);
    this.#ended = error;
    keepIdle(this.#module, this.#channel!);
  }

  #answered(answer: Answer): void {
    const { resolve, reject } = this.#pending.shift()!;
    if (this.calls === 0) this.#channel!.keepAlive(false);
    if (answer.kind === "error") reject(new Error(answer.message));
    else resolve(answer.result);
  }

  #stop(error: Error): void {
    this.#ended = error;
    this.#channel!.listen({ answered() {}, failed() {} });
    this.#channel!.end();
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}
