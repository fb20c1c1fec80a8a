/** Checks of errors. */

import assert from "node:assert/strict";
import { type ErrorCode, GantryError } from "../errors.ts";

/** For `assert.rejects` and `assert.throws`: one of ours with this code, or one of these, and these words. */
export function fails(
  codes: ErrorCode | readonly ErrorCode[],
  words: RegExp = /./,
): (error: unknown) => boolean {
  return (error) => {
    const list = [codes].flat() as ErrorCode[];
    // What came instead is the cause, so that it is shown with its stack.
    if (!GantryError.is(error, ...list)) throw new Error(`expected ${list.join(" or ")}`, { cause: error });
    assert.match(error.message, words);
    return true;
  };
}

/** Fails unless the work is rejected with one of ours, with this code, or one of these, and these words. */
export function rejects(
  work: Promise<unknown>,
  codes: ErrorCode | readonly ErrorCode[],
  words?: RegExp,
): Promise<void> {
  return assert.rejects(work, fails(codes, words));
}
