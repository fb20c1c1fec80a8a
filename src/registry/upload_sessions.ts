/** Where the addresses of unfinished uploads are kept, for other processes or a later run to go on with them. */
export interface Sessions {
  /** What is kept under the key. */
  get(key: string): Promise<string | undefined>;
  /** Keeps a value, which is short and secret: it lets anybody add to the upload. */
  set(key: string, value: string): Promise<void>;
  /** Forgets the key. */
  delete(key: string): Promise<void>;
}

/** Sessions that last as long as the process. */
export function memorySessions(): Sessions {
  const kept = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    set: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
}
