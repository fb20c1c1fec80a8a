/**
 * Threads that run the core.
 *
 * @module
 */

import { GantryError } from "../src/errors.ts";
import { type Channel, openChannel } from "./channel.ts";
import type { Core } from "./core.ts";
import type { Answer, Request, Result } from "./worker.ts";

/** How many hands do a work, this thread's among them: so many, or as many as the machine has processors, 8 at most. */
export type Workers = number | "auto";

/**
 * How many that is.
 *
 * @throws {GantryError} `unsupported` for anything but "auto" and whole numbers from 1 to 64.
 */
export function handsOf(work: string, workers: Workers = 1): number {
  if (workers === "auto") return Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, 8);
  if (Number.isInteger(workers) && workers >= 1 && workers <= 64) return workers;
  throw new GantryError("unsupported", `${work}: ${workers} workers, from 1 to 64 can be had`);
}

/** A channel to a thread that has nothing to do. */
interface Idle {
  module: WebAssembly.Module;
  channel: Channel;
  /** Takes it. */
  take(): void;
}

/** How long a thread waits for work, in milliseconds: to start one takes some fifty. */
const patience = 5000;
const idle = new Set<Idle>();

/** Lets a thread wait for the next who wants one. */
function rest(module: WebAssembly.Module, channel: Channel): void {
  // Deno, Bun and Node have timers that let a process end.
  const { setTimeout, clearTimeout } = globalThis.process?.getBuiltinModule?.("node:timers") ?? globalThis;
  const take = () => {
    idle.delete(one);
    clearTimeout(timer as number);
  };
  const leave = () => {
    take();
    channel.end();
  };
  const timer: { unref?(): void } | number = setTimeout(leave, patience);
  if (typeof timer === "object") timer.unref?.();
  const one = { module, channel, take };
  channel.listen({ answered() {}, failed: leave });
  idle.add(one);
}

/** A thread with the core. */
export class Thread {
  /** Whether it runs: true once it does, false if it cannot or has stopped. Where there are no threads none ever does. */
  readonly ready: Promise<boolean>;
  readonly #module: WebAssembly.Module;
  readonly #waiting: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  #channel: Channel | undefined;
  #ended: Error | undefined;

  /** Takes one that waits for work, or starts another. */
  constructor({ module }: Core) {
    this.#module = module;
    const rested = [...idle].find((one) => one.module === module);
    rested?.take();
    try {
      this.#channel = rested?.channel ?? openChannel();
      this.#channel.listen({
        answered: (answer) => this.#answered(answer),
        failed: (error) => this.#stop(error),
      });
    } catch (cause) {
      this.#ended = new Error("this runtime starts no threads", { cause });
    }
    this.ready = rested
      ? Promise.resolve(true)
      : this.call({ work: "start", module }, []).then(() => true, () => false);
  }

  /** How many calls it has not answered. */
  get calls(): number {
    return this.#waiting.length;
  }

  /** Asks it for something. What it is given belongs to it afterwards. */
  call(request: Request, transfer: readonly ArrayBuffer[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (this.calls === 0) this.#channel!.hold(true);
      this.#waiting.push({ resolve, reject });
      this.#channel!.post(request, transfer);
    });
  }

  /** Gives it up. One that has answered everything waits for others a while; one that has not is stopped. */
  end(): void {
    if (this.#ended) return;
    const error = new Error("the thread was given up");
    if (this.calls > 0) return this.#stop(error);
    this.#ended = error;
    rest(this.#module, this.#channel!);
  }

  #answered(answer: Answer): void {
    const { resolve, reject } = this.#waiting.shift()!;
    if (this.calls === 0) this.#channel!.hold(false);
    if ("error" in answer) reject(new Error(answer.error));
    else resolve(answer.result);
  }

  #stop(error: Error): void {
    this.#ended = error;
    this.#channel!.listen({ answered() {}, failed() {} });
    this.#channel!.end();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
