import type { Bucket, ListOptions, ObjectFacts } from "./bucket.ts";
import { isOurs } from "./keys.ts";

/** Our objects below a prefix, of one page after the other. */
export async function* listObjects(
  bucket: Bucket,
  options: Pick<ListOptions, "prefix" | "after" | "signal">,
): AsyncGenerator<ObjectFacts, void, void> {
  for (let cursor: string | undefined, more = true; more;) {
    const page = await bucket.list({ ...options, cursor });
    yield* page.objects.filter(({ key }) => isOurs(key));
    cursor = page.cursor;
    more = cursor !== undefined;
  }
}
