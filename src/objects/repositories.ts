import type { Options } from "../content/contracts.ts";
import type { Page } from "./bucket.ts";
import type { Store } from "./store.ts";

/** What a repository that is there has. */
const mark = "_manifests/";

/**
 * The names of the repositories that have a manifest, in the order of their bytes. A page of names is in memory for each
 * slash of a name.
 */
export async function* listRepositories(
  { bucket, keys }: Store,
  { after = "", signal }: Options & { after?: string | undefined },
): AsyncGenerator<string, void, void> {
  yield* below("", await firstPage(""));

  /** Those below a folder, which is empty or ends with a slash. */
  async function* below(folder: string, page: Page): AsyncGenerator<string, void, void> {
    // Keys have `a-b/` before `a/`, but of the names `a` comes first. What came early is not to come again.
    let early: string[] = [];
    for (;;) {
      for (const prefix of page.prefixes) {
        const name = prefix.slice(keys.repositories.length, -1);
        if (name.slice(folder.length).startsWith("_") || isBefore(name)) continue;
        early = early.filter((shorter) => name.startsWith(shorter));
        for (const shorter of shorterNames(name, folder)) {
          if (early.includes(shorter)) continue;
          early.push(shorter);
          if (shorter > after && await isThere(shorter)) yield shorter;
        }
        const children = await firstPage(`${name}/`);
        const isNew = name > after && !early.includes(name);
        if (isNew && (hasMark(children, name) || children.cursor && await isThere(name))) yield name;
        yield* below(`${name}/`, children);
      }
      if (page.cursor === undefined) return;
      page = await list(folder, { cursor: page.cursor });
    }
  }

  /** Whether a name and all that are below it come before those that are wanted. */
  function isBefore(name: string): boolean {
    return `${name}/` < after && !after.startsWith(`${name}/`);
  }

  /** What is in a folder, from the first that may be wanted on. */
  function firstPage(folder: string): Promise<Page> {
    const [next = ""] = after.startsWith(folder) ? after.slice(folder.length).split("/") : [];
    return list(folder, next === "" ? {} : { after: keys.repositories + folder + next });
  }

  function list(folder: string, options: { after?: string; cursor?: string }): Promise<Page> {
    return bucket.list({ prefix: keys.repositories + folder, delimiter: "/", signal, ...options });
  }

  function hasMark({ prefixes }: Page, name: string): boolean {
    return prefixes.includes(`${keys.repositories}${name}/${mark}`);
  }

  async function isThere(name: string): Promise<boolean> {
    const { objects } = await bucket.list({
      prefix: `${keys.repositories}${name}/${mark}`,
      limit: 1,
      signal,
    });
    return objects.length > 0;
  }
}

/** The names in the same folder that come before this one, but whose keys come behind it: `a` and `a-b` of `a-b.c`. */
function shorterNames(name: string, folder: string): string[] {
  const ends = [...name.slice(folder.length).matchAll(/[-.]/g)].map(({ index }) => folder.length + index);
  return ends.map((end) => name.slice(0, end)).filter((shorter) => /[a-z0-9]$/.test(shorter));
}
