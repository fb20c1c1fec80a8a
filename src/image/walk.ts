import type { Content, Options, Part } from "../content/contracts.ts";

/** A part that the walk visits. */
export interface Visit {
  /** The part. */
  part: Part;
  /** What is known of its bytes. */
  content: Content;
  /** How far below the root it is; the root is at 0. */
  depth: number;
}

/**
 * Walks a graph depth first: a part, then what it names, in order. A part that is named in several places is visited in
 * each. What `into` returns false for is visited, but not what it names: a way to leave out platforms or layers.
 *
 * @example
 * ```ts
 * import { emptyImage, walk } from "@gantry/oci/image";
 *
 * for await (const { content, depth } of walk(emptyImage())) console.log(depth, content.mediaType);
 * ```
 */
export async function* walk(
  root: Part,
  options: Options & { into?: (visit: Visit) => boolean } = {},
): AsyncGenerator<Visit, void, void> {
  const { signal, into } = options;
  const stack: { part: Part; depth: number }[] = [{ part: root, depth: 0 }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    signal?.throwIfAborted();
    const visit = { ...next, content: await next.part.content({ signal }) };
    yield visit;
    if (into && !into(visit)) continue;
    const children = await next.part.children({ signal });
    const depth = next.depth + 1;
    stack.push(...children.map((part) => ({ part, depth })).reverse());
  }
}
