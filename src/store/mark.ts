import type { Options } from "../content/contracts.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import type { IsNeeded } from "./blobs.ts";
import type { IngestValue } from "./content_writer.ts";
import { hasExpired, type LeaseValue, splitResource } from "./lease_records.ts";
import { linkOf, parseLinkKey } from "./links.ts";
import { labelNames, type Labels } from "./labels.ts";
import { type Entry, listAll, type Version } from "./metadata.ts";
import type { Namespace, Shared } from "./namespace.ts";
import { bucketsOf, type ContentValue, type ImageValue, namespacesBucket, valueOf } from "./records.ts";

/** A record that may be kept: `image NAME` or `content DIGEST`. */
type Node = `image ${string}` | `content ${string}`;

/** What a record of content says, as far as marking needs it. */
export interface MarkedContent {
  readonly version: Version;
  readonly size: number;
}

/** What is kept in a namespace, and what there is. */
export interface Marked {
  /** All records of content. */
  readonly content: ReadonlyMap<Digest, MarkedContent>;
  /** The content that something leads to. */
  readonly kept: ReadonlySet<Digest>;
  /** The images that have expired, and that nothing leads to. */
  readonly expiredImages: readonly Entry[];
  /** The leases that have expired. */
  readonly expiredLeases: readonly Entry[];
  /** Keeps more content, with all that it leads to. */
  keep(digest: Digest): void;
}

/** How to mark. */
export interface MarkOptions extends Options {
  /** As if these images were not there, nor what lists this as a referrer. Default: all is as it is. */
  without?: { readonly images: ReadonlySet<string>; readonly referrer: Digest } | undefined;
}

/**
 * Marks what is kept: what leases, images, links, writes in the making and roots lead to by labels. Content is listed before all
 * else: whoever refers to some afterwards gives it a version that is not the one listed here.
 */
export async function markNamespace(
  { shared, buckets }: Namespace,
  { signal, without }: MarkOptions = {},
): Promise<Marked> {
  const { metadata, blobs } = shared;
  const now = shared.now();
  const content = new Map<Digest, MarkedContent>();
  const graph = new Graph(without?.referrer);
  for await (const entry of listAll(metadata, buckets.content, { signal })) {
    const { size, labels } = valueOf<ContentValue>(entry);
    const digest = entry.key as Digest;
    content.set(digest, { version: entry.version, size });
    graph.addLabels(`content ${digest}`, labels);
    if (labelNames.root in labels) graph.addRoot(`content ${digest}`);
  }
  const expiring: Entry[] = [];
  for await (const entry of listAll(metadata, buckets.images, { signal })) {
    const { target, labels } = valueOf<ImageValue>(entry);
    const node: Node = `image ${entry.key}`;
    if (without?.images.has(entry.key)) continue;
    graph.addEdge(node, `content ${target.digest}`);
    graph.addLabels(node, labels);
    if (hasExpired(labels, now)) expiring.push(entry);
    else graph.addRoot(node);
  }
  for await (const entry of listAll(metadata, buckets.links, { signal })) {
    if (linkOf(entry).mediaType !== undefined) graph.addRoot(`content ${parseLinkKey(entry.key).digest}`);
  }
  const expiredLeases: Entry[] = [];
  for await (const entry of listAll(metadata, buckets.leases, { signal })) {
    const { labels } = valueOf<LeaseValue>(entry);
    if (hasExpired(labels, now)) {
      expiredLeases.push(entry);
      continue;
    }
    const prefix = `${entry.key}/`;
    for await (const { key } of listAll(metadata, buckets.leased, { prefix, signal })) {
      const { type, id } = splitResource(key.slice(prefix.length));
      const node: Node | undefined = type === "content"
        ? `content ${id}`
        : type === "images"
        ? `image ${id}`
        : undefined;
      if (node && labelNames.flat in labels) graph.addFlat(node);
      else if (node) graph.addRoot(node);
    }
  }
  for await (const entry of listAll(metadata, buckets.ingests, { signal })) {
    const { expected } = valueOf<IngestValue>(entry);
    if (expected) graph.addRoot(`content ${expected}`);
  }
  for (const digest of await blobs.leases.noted()) graph.addRoot(`content ${digest}`);
  graph.mark();
  return {
    content,
    get kept() {
      return graph.keptContent();
    },
    expiredImages: expiring.filter(({ key }) => !graph.isKept(`image ${key}`)),
    expiredLeases,
    keep: (digest) => graph.keep(`content ${digest}`),
  };
}

/** Whether some namespace has a record of content, or an image of it. */
export function isNeededIn({ metadata }: Shared): IsNeeded {
  return async (digest) => {
    for await (const { key } of listAll(metadata, namespacesBucket)) {
      if (await metadata.get(bucketsOf(key).content, digest)) return true;
    }
    return false;
  };
}

/** Records, and which keep which. */
class Graph {
  readonly #edges = new Map<Node, Node[]>();
  readonly #roots = new Set<Node>();
  readonly #flat = new Set<Node>();
  readonly #kept = new Set<Node>();
  readonly #notReferred: Digest | undefined;

  constructor(notReferred: Digest | undefined) {
    this.#notReferred = notReferred;
  }

  addRoot(node: Node): void {
    this.#roots.add(node);
  }

  /** Keeps a record, and not what it leads to. */
  addFlat(node: Node): void {
    this.#flat.add(node);
  }

  addEdge(from: Node, to: Node): void {
    const known = this.#edges.get(from);
    if (known) known.push(to);
    else this.#edges.set(from, [to]);
  }

  addLabels(node: Node, labels: Labels): void {
    for (const key in labels) {
      if (!key.startsWith("containerd.io/gc.")) continue;
      const value = labels[key]!;
      if (value === this.#notReferred && key.startsWith(`${labelNames.content}.referrer.`)) continue;
      if (isKey(key, labelNames.content)) this.addEdge(node, `content ${value}`);
      else if (isKey(key, labelNames.image)) this.addEdge(node, `image ${value}`);
      else if (isKey(key, labelNames.backContent)) this.addEdge(`content ${value}`, node);
      else if (isKey(key, labelNames.backImage)) this.addEdge(`image ${value}`, node);
    }
  }

  mark(): void {
    for (const root of this.#roots) this.keep(root);
  }

  /** Keeps a record and all that it leads to. */
  keep(node: Node): void {
    const stack = [node];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (this.#kept.has(next)) continue;
      this.#kept.add(next);
      stack.push(...this.#edges.get(next) ?? []);
    }
  }

  isKept(node: Node): boolean {
    return this.#kept.has(node) || this.#flat.has(node);
  }

  keptContent(): Set<Digest> {
    const kept = new Set<Digest>();
    for (const node of [...this.#kept, ...this.#flat]) {
      const digest = node.startsWith("content ") ? node.slice("content ".length) : "";
      if (isDigest(digest)) kept.add(digest);
    }
    return kept;
  }
}

/** Whether a label's key is this one, or this one with more behind a dot or a slash. */
function isKey(key: string, name: string): boolean {
  return key.startsWith(name) && (key.length === name.length || "./".includes(key.charAt(name.length)));
}
