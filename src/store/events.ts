import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import type { StoredImage } from "./records.ts";

/** What has happened in a store, through this instance of it. */
export type StoreEvent =
  | {
    readonly type: "image-created" | "image-updated";
    readonly namespace: string;
    readonly image: StoredImage;
  }
  | { readonly type: "image-deleted"; readonly namespace: string; readonly name: string }
  | {
    readonly type: "content-created" | "content-deleted" | "content-corrupt";
    readonly namespace: string;
    readonly digest: Digest;
  };

/** How many events wait for a listener at most. */
const mostWaiting = 10_000;

interface Listener {
  readonly waiting: StoreEvent[];
  overrun: boolean;
  wake(): void;
}

/** Passes events on to those who listen. */
export class Events {
  readonly #listeners = new Set<Listener>();

  /** Tells all who listen. */
  emit(event: StoreEvent): void {
    for (const listener of this.#listeners) {
      if (listener.waiting.length < mostWaiting) listener.waiting.push(event);
      else listener.overrun = true;
      listener.wake();
    }
  }

  /** The events from now on, until the loop is left or the signal aborts. */
  listen({ signal }: Options = {}): AsyncGenerator<StoreEvent, void, void> {
    const listener: Listener = { waiting: [], overrun: false, wake() {} };
    this.#listeners.add(listener);
    return this.#events(listener, signal);
  }

  async *#events(listener: Listener, signal?: AbortSignal): AsyncGenerator<StoreEvent, void, void> {
    const abort = () => listener.wake();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      for (;;) {
        signal?.throwIfAborted();
        const next = listener.waiting.shift();
        if (next) yield next;
        else if (listener.overrun) {
          throw new GantryError("too-large", `listen to events: more than ${mostWaiting} of them wait`);
        } else await new Promise<void>((resolve) => listener.wake = resolve);
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#listeners.delete(listener);
    }
  }
}
