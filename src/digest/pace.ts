import { turn, turnForThreads } from "../../wasm/turn.ts";

/** Asked between two pieces of work: what to wait for before the next, if anything. */
export type Pace = () => Promise<void> | undefined;

/** Gives timers, signals and sockets their turn from time to time. */
export function paceAlone(): Pace {
  return pace(10, turn);
}

/** Gives threads their next before they have done what they have. */
export function paceWithThreads(): Pace {
  return pace(1, turnForThreads);
}

function pace(milliseconds: number, turn: () => Promise<void>): Pace {
  let last = performance.now();
  return () => {
    if (performance.now() - last < milliseconds) return undefined;
    return turn().then(() => void (last = performance.now()));
  };
}
