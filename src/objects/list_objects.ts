import type { Bucket, ListOptions, ObjectFacts, Page } from "./bucket.ts";
import { isOurs } from "./keys.ts";

/** One page of a list, without what cannot be ours. */
export async function listPage(bucket: Bucket, options: ListOptions): Promise<Page> {
  const page = await bucket.list(options);
  return { ...page, objects: page.objects.filter(({ key }) => isOurs(key)) };
}

/** Our objects below a prefix, of one page after the other. */
export async function* listObjects(
  bucket: Bucket,
  options: Pick<ListOptions, "prefix" | "after" | "signal">,
): AsyncGenerator<ObjectFacts, void, void> {
  for (let cursor: string | undefined, more = true; more;) {
    const page = await listPage(bucket, { ...options, cursor });
    yield* page.objects;
    cursor = page.cursor;
    more = cursor !== undefined;
  }
}
