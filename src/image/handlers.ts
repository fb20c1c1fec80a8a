import type { Options, Source } from "../content/contracts.ts";
import { documentLimit, readDocument } from "../content/read.ts";
import { childrenOf } from "../content/relations.ts";
import { requireMethod } from "../content/require_method.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { isDocumentType, isIndexType } from "../spec/media_type.ts";
import type { Platform } from "../spec/platform.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";

/** What a handler answers in place of children: nothing below this is to be visited. */
export const skipDescriptor: unique symbol = Symbol("skip");
/** What a handler answers in a chain: the handlers behind it are not asked, what those before it said counts. */
export const stopHandler: unique symbol = Symbol("stop");

/** What a handler says of a descriptor: what comes below it. */
export type Handled = readonly Descriptor[] | typeof skipDescriptor | typeof stopHandler;

/** Does something with a descriptor, and tells what to go on with. Handlers wrap one another. */
export type Handler = (descriptor: Descriptor, options: Options) => Promise<Handled> | Handled;

/** Asks handlers one after the other, and goes on with what all of them have said. */
export function chainHandlers(...handlers: readonly Handler[]): Handler {
  return async (descriptor, options) => {
    const children: Descriptor[] = [];
    for (const handler of handlers) {
      const handled = await handler(descriptor, options);
      if (handled === skipDescriptor) return skipDescriptor;
      if (handled === stopHandler) break;
      children.push(...handled);
    }
    return children;
  };
}

/**
 * Visits descriptors and what handlers find below them: depth first, in order, one after the other. What is named in
 * several places is visited in each.
 *
 * @throws {GantryError} `too-large` when it is deeper than any real image, and what the handler throws.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { copy } from "@gantry/oci/copy";
 * import { chainHandlers, childrenHandler, emptyImage, visit } from "@gantry/oci/image";
 *
 * const source = memory();
 * const { descriptor } = await copy(emptyImage(), source);
 * const print = ({ mediaType }: { mediaType: string }) => (console.log(mediaType), []);
 * await visit(chainHandlers(print, childrenHandler(source)), [descriptor]);
 * ```
 */
export async function visit(
  handler: Handler,
  roots: readonly Descriptor[],
  options: Options = {},
): Promise<void> {
  await visitAll(handler, roots, options, 0);
}

/**
 * The same as {@link visit}.
 *
 * @throws {GantryError} `not-found` when there is nothing below the roots: a filter may have left nothing over.
 */
export async function visitNotEmpty(
  handler: Handler,
  roots: readonly Descriptor[],
  options: Options = {},
): Promise<void> {
  let isEmpty = true;
  const noting: Handler = async (descriptor, more) => {
    const handled = await handler(descriptor, more);
    if (typeof handled !== "symbol" && handled.length > 0) isEmpty = false;
    return handled;
  };
  await visitAll(noting, roots, options, 0);
  if (!isEmpty) return;
  const what = roots.map(({ digest }) => digest).join(", ");
  throw new GantryError("not-found", `visit ${what}: there is nothing below, or nothing for these platforms`);
}

/**
 * Visits descriptors that stand beside each other at the same time, and what is below each once that is handled. The
 * first that fails aborts the others.
 *
 * @param options `concurrency`: how many handlers run at once. Default: as many as there are.
 */
export async function dispatch(
  handler: Handler,
  roots: readonly Descriptor[],
  options: Options & { concurrency?: number | undefined } = {},
): Promise<void> {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const slots = options.concurrency === undefined ? undefined : new Slots(options.concurrency);
  const one = async (descriptor: Descriptor, depth: number): Promise<void> => {
    try {
      signal.throwIfAborted();
      checkDepth(descriptor, depth);
      const handle = async () => await handler(descriptor, { signal });
      const handled = await (slots ? slots.run(handle, signal) : handle());
      if (typeof handled !== "symbol") await all(handled, depth + 1);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const all = async (descriptors: readonly Descriptor[], depth: number): Promise<void> => {
    const running = descriptors.map((descriptor) => one(descriptor, depth));
    await Promise.allSettled(running); // nothing of this runs on
    await Promise.all(running);
  };
  try {
    await all(roots, 0);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw failed.signal.aborted ? failed.signal.reason : error;
  }
}

/** Finds what manifests and indexes name: a config and layers, or manifests. Nothing is below anything else. */
export function childrenHandler(source: Source): Handler {
  return async (descriptor, { signal }) => {
    if (!isDocumentType(descriptor.mediaType)) return [];
    const bytes = await readDocument(source, descriptor, { role: "manifest", limit: documentLimit, signal });
    return childrenOf(bytes, descriptor.mediaType);
  };
}

/** Leaves out what is for platforms that do not match; what says no platform stays. */
export function filterPlatforms(handler: Handler, matcher: PlatformMatcher): Handler {
  return over(
    handler,
    (children) => children.filter(({ platform }) => !platform || matcher.matches(platform)),
  );
}

/**
 * Of an index, takes only so many children: the best ones, and last those without a platform.
 *
 * The handler throws a `GantryError` `not-found` where there are none.
 */
export function limitManifests(handler: Handler, matcher: PlatformMatcher, count: number): Handler {
  return over(handler, (children, parent) => {
    if (!isIndexType(parent.mediaType)) return children;
    if (children.length === 0) {
      throw new GantryError("not-found", `visit ${parent.digest}: it names nothing for these platforms`);
    }
    return children.toSorted((a, b) => byPlatform(a.platform, b.platform, matcher)).slice(0, count);
  });
}

/** Adds what refers to manifests and indexes, such as their signatures, behind what they name. */
export function withReferrers(handler: Handler, source: Source): Handler {
  const list = requireMethod(source, "referrers", "visit referrers");
  return async (descriptor, options) => {
    const handled = await handler(descriptor, options);
    if (typeof handled === "symbol" || !isDocumentType(descriptor.mediaType)) return handled;
    const referrers: Descriptor[] = [];
    for await (const referrer of list(descriptor, options)) referrers.push(referrer);
    return [...handled, ...referrers];
  };
}

/** How deep images may be: indexes in one another, a manifest, a blob, and referrers of referrers. */
const depthLimit = 64;

async function visitAll(
  handler: Handler,
  descriptors: readonly Descriptor[],
  options: Options,
  depth: number,
): Promise<void> {
  for (const descriptor of descriptors) {
    options.signal?.throwIfAborted();
    checkDepth(descriptor, depth);
    const handled = await handler(descriptor, options);
    if (typeof handled !== "symbol") await visitAll(handler, handled, options, depth + 1);
  }
}

function checkDepth({ digest }: Descriptor, depth: number): void {
  if (depth <= depthLimit) return;
  throw new GantryError("too-large", `visit ${digest}: it is more than ${depthLimit} levels deep`);
}

function over(
  handler: Handler,
  change: (children: readonly Descriptor[], parent: Descriptor) => readonly Descriptor[],
): Handler {
  return async (descriptor, options) => {
    const handled = await handler(descriptor, options);
    return typeof handled === "symbol" ? handled : change(handled, descriptor);
  };
}

function byPlatform(a: Platform | undefined, b: Platform | undefined, matcher: PlatformMatcher): number {
  if (a && b) return matcher.compare(a, b);
  return Number(a === undefined) - Number(b === undefined);
}
