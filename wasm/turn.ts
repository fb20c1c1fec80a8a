/** Lets timers, signals and sockets have their turn: streams from memory would never give it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if ("setImmediate" in globalThis) return setImmediate(resolve);
    if (typeof MessageChannel !== "function") return setTimeout(resolve);
    // Browsers make a timer wait for 4 ms.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** Lets the answers of threads come in. In Deno one takes several turns of its loop, while a busy loop has few. */
export async function turnForThreads(): Promise<void> {
  for (let i = 0; i < 24; i++) await turn();
}
