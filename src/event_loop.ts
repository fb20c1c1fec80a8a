/**
 * Long work that never waits for I/O has to let the event loop run, or timers, signals, sockets and the messages of
 * worker threads are stuck behind it.
 *
 * @module
 */

/**
 * Lets timers, signals and sockets run once. A promise alone does not: when input and output are both in memory, all its
 * callbacks are microtasks, which run before anything else.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if ("setImmediate" in globalThis) return setImmediate(resolve);
    if (typeof MessageChannel !== "function") return setTimeout(resolve);
    // Browsers delay nested timers by 4 ms; a message is delivered at once.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * How often the loop has to run until a message of a worker thread that has arrived is delivered. In Deno a message
 * passes through several stages, each of which takes a run of the loop. Fewer runs leave threads idle.
 */
const runsPerThreadMessage = 24;

/** Lets the answers of worker threads arrive. */
export async function yieldToThreads(): Promise<void> {
  for (let run = 0; run < runsPerThreadMessage; run++) await yieldToEventLoop();
}

/** Called between two steps of long work: a promise to wait for if it is time to yield, else nothing. */
export type PeriodicYield = () => Promise<void> | undefined;

/** Yields to the event loop every 10 ms. */
export function periodicYield(): PeriodicYield {
  return every(10, yieldToEventLoop);
}

/** Yields to worker threads every millisecond, so that their next request is posted before they have run out of work. */
export function periodicYieldToThreads(): PeriodicYield {
  return every(1, yieldToThreads);
}

function every(milliseconds: number, yieldOnce: () => Promise<void>): PeriodicYield {
  let last = performance.now();
  return () => {
    if (performance.now() - last < milliseconds) return undefined;
    return yieldOnce().then(() => void (last = performance.now()));
  };
}
