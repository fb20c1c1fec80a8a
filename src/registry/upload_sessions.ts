/** Keeps the addresses of unfinished uploads, so that a later run or another process can go on with them. */
export interface UploadSessions {
  /** The value under the key. */
  get(key: string): Promise<string | undefined>;
  /** Keeps a value. It is short and secret: whoever knows it can add to the upload. */
  set(key: string, value: string): Promise<void>;
  /** Forgets the key. */
  delete(key: string): Promise<void>;
}

/** Sessions that last as long as the process. */
export function memorySessions(): UploadSessions {
  const kept = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    set: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
}
