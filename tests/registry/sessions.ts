import type { UploadSessions } from "../../src/registry/mod.ts";

/** Sessions that several clients share, as processes share a directory. */
export function sharedSessions(): UploadSessions {
  const kept = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    set: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
}
