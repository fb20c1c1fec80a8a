import { type Bytes, observed, streamOf } from "../bytes.ts";
import { isDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import type { Address, Content, OpenOptions, Resolved, ResolveOptions, Source, Target } from "./contracts.ts";
import { bindSource } from "./bind_source.ts";
import { readDocument, readVerified } from "./read.ts";
import { roleOf } from "./role.ts";

/**
 * A source whose bytes are kept in `cache` as they are read to the end, and come from there the next time. Names are
 * always asked of the source. A cache that fails is treated as empty: reading goes on.
 *
 * @example
 * ```ts
 * import { cached, memory } from "@gantry/oci/content";
 *
 * const source = cached(memory(), memory());
 * console.log(typeof source.open);
 * ```
 */
export function cached(source: Source, cache: Target): Source {
  return {
    ...bindSource(source),
    resolve: (name, options) => resolveCached(source, cache, name, options),
    open: (what, options) => openCached(source, cache, what, options),
  };
}

async function resolveCached(
  source: Source,
  cache: Target,
  name: string,
  options: ResolveOptions = {},
): Promise<Resolved> {
  if (isDigest(name)) {
    const hit = await cache.resolve(name, options).catch(() => undefined);
    if (hit) return hit;
  }
  const resolved = await source.resolve(name, options);
  const { descriptor, document } = resolved;
  if (document) {
    const content: Content = {
      ...descriptor,
      replayable: true,
      open: () => Promise.resolve(streamOf(document)),
    };
    await cache.write(content, { role: options.role ?? "manifest", signal: options.signal }).catch(() => {});
  }
  return resolved;
}

async function openCached(
  source: Source,
  cache: Target,
  what: Address,
  options: OpenOptions = {},
): Promise<ReadableStream<Bytes>> {
  const role = roleOf(what, options.role);
  const hit = await cache.open(what, { ...options, role }).catch(() => undefined);
  if (hit) return hit;
  const { signal } = options;
  // Ranges pass by: part of a blob cannot be verified, so it cannot be kept.
  if (options.start || options.end !== undefined) return await source.open(what, options);
  if (role === "manifest") return streamOf(await keepDocument(source, cache, what, options));
  return keepWhileReading(await readVerified(source, what, { role, signal }), cache, what);
}

async function keepDocument(
  source: Source,
  cache: Target,
  what: Address,
  options: OpenOptions,
): Promise<Bytes> {
  const { signal } = options;
  const document = await readDocument(source, what, { role: "manifest", signal });
  const { digest } = what;
  const mediaType = what.mediaType ?? parseDocument(document).mediaType;
  const open = () => Promise.resolve(streamOf(document));
  await cache.write({ mediaType, digest, size: document.byteLength, replayable: true, open }, {
    role: "manifest",
    signal,
  }).catch(() => {});
  return document;
}

/** Passes bytes to the reader and the cache, as fast as the slower one takes them. The end waits for the cache. */
function keepWhileReading(bytes: ReadableStream<Bytes>, cache: Target, what: Address): ReadableStream<Bytes> {
  const copy = new TransformStream<Bytes, Bytes>();
  const { digest, size } = what;
  const content: Content = {
    mediaType: what.mediaType ?? "application/octet-stream",
    digest,
    size,
    replayable: false,
    open: () => Promise.resolve(copy.readable),
  };
  const writer = copy.writable.getWriter();
  let caching = true;
  const stopCaching = (reason?: unknown) => {
    if (caching) void writer.abort(reason).catch(() => {});
    caching = false;
  };
  const written = cache.write(content, { role: "blob" }).then(
    // The cache has it already when another reader was faster: it takes no more bytes then.
    () => stopCaching(),
    (error) => stopCaching(error),
  );
  writer.closed.catch(() => {});
  return observed(bytes, {
    chunk: (chunk) => caching ? Promise.race([writer.write(chunk).catch(() => {}), written]) : undefined,
    async done() {
      if (caching) await writer.close().catch(() => {});
      await written;
    },
    async failed(reason) {
      stopCaching(reason ?? new Error("the reader left"));
      await written;
    },
  });
}
