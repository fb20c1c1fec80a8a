/** Lets timers, signals and sockets have their turn: streams from memory would never give it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => "setImmediate" in globalThis ? setImmediate(resolve) : setTimeout(resolve));
}
