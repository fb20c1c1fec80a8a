import type { Options } from "../content/contracts.ts";
import type { Pages } from "./pages.ts";
import { pagesOf } from "./root.ts";
import type { RootObject } from "./root_object.ts";

/**
 * Removes the pages to which the root does not lead. Somebody may have put one to lead to it in a moment: so the epoch is
 * raised between looking for pages and looking which are needed. Who put a page before that sees another epoch when it
 * changes the root, and gives the page up.
 */
export async function sweepPages(root: RootObject, pages: Pages, { signal }: Options): Promise<void> {
  for (let cursor: string | undefined, more = true; more;) {
    signal?.throwIfAborted();
    const found = await pages.list({ cursor, signal });
    const known = pagesOf((await root.look()).root);
    const unknown = found.ids.filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const { root: now } = await root.change(({ root }) => Promise.resolve({ epoch: root.epoch + 1 }));
      const needed = pagesOf(now);
      await pages.remove(unknown.filter((id) => !needed.has(id)), { signal });
    }
    cursor = found.cursor;
    more = cursor !== undefined;
  }
}
