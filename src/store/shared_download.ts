import { setTimeout } from "node:timers/promises";
import { bindSource } from "../content/bind_source.ts";
import type { Target } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { hexOf } from "../spec/digest.ts";

/** Between two looks whether another pull has a blob there are so many milliseconds, at most. */
const longestPause = 200;

/**
 * The same target for pulls, of which several may want one blob, also in other processes: one of them writes it, in a
 * session that is called after its digest, and the others wait until it is there. If that one is killed, another goes on
 * where it stopped.
 */
export function sharingDownloads(target: Target): Target {
  return {
    ...bindSource(target),
    tag: target.tag.bind(target),
    ...(target.lease && { lease: target.lease.bind(target) }),
    async write(content, options = {}) {
      const { digest } = content;
      if (options.role !== "blob" || digest === undefined) return await target.write(content, options);
      const session = `pull-${hexOf(digest).slice(0, 64)}`;
      for (let pause = 10;; pause = Math.min(pause * 1.5, longestPause)) {
        try {
          return await target.write(content, { ...options, session });
        } catch (error) {
          if (!GantryError.is(error, "conflict")) throw error;
        }
        const { signal } = options;
        await setTimeout(pause * (0.5 + Math.random()), undefined, signal && { signal }).catch(() => {});
        signal?.throwIfAborted();
      }
    },
  };
}
