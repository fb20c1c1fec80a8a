import type { Options } from "../content/contracts.ts";
import type { Store } from "./store.ts";

/** The names of the repositories that have a manifest, a page of names in memory at a time. */
export async function* listRepositories(
  { bucket, keys }: Store,
  options: Options,
): AsyncGenerator<string, void, void> {
  yield* below("");

  /** Those whose names begin with this, which is empty or ends with a slash. */
  async function* below(name: string): AsyncGenerator<string, void, void> {
    const prefix = keys.repositories + name;
    let found = false;
    for (let cursor: string | undefined, more = true; more;) {
      const page = await bucket.list({ prefix, delimiter: "/", cursor, ...options });
      for (const child of page.prefixes) {
        const segment = child.slice(prefix.length);
        if (!segment.startsWith("_")) yield* below(name + segment);
        else if (segment === "_manifests/" && !found) {
          found = true;
          yield name.slice(0, -1);
        }
      }
      cursor = page.cursor;
      more = cursor !== undefined;
    }
  }
}
