import type { Options, Source } from "../content/contracts.ts";
import { ifFound } from "../content/if_found.ts";
import { readDocument } from "../content/read.ts";
import { annotations } from "../spec/annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { isDocumentType, isIndexType } from "../spec/media_type.ts";

/** What connects a manifest to others. */
interface Connections {
  readonly manifests: readonly Descriptor[];
  readonly subject: Digest | undefined;
}

/**
 * The manifests of a repository that may go: those that are old, to which no tag and nothing that stays leads, and that are
 * about nothing that stays.
 */
export async function untagged(
  repository: Source & Required<Pick<Source, "roots">> & { readonly name: string },
  isOld: (digest: Digest) => Promise<boolean>,
  { without, ...options }: Options & { without?: ReadonlySet<string> | undefined },
): Promise<Digest[]> {
  const candidates = new Map<Digest, Descriptor>();
  const stay = new Map<Digest, Descriptor>();
  for await (const root of repository.roots(options)) {
    const tag = root.annotations?.[annotations.refName];
    const isTagged = tag !== undefined && !without?.has(`${repository.name}:${tag}`);
    if (isTagged || !await isOld(root.digest)) stay.set(root.digest, root);
    else candidates.set(root.digest, root);
  }
  const stack = [...stay.values()];
  const keep = (descriptor: Descriptor): void => {
    if (stay.has(descriptor.digest)) return;
    stay.set(descriptor.digest, descriptor);
    stack.push(descriptor);
  };
  for (const digest of stay.keys()) candidates.delete(digest);
  const about = await bySubject(repository, candidates.values(), options);
  for (let next = stack.pop(); next; next = stack.pop()) {
    for (const referrer of about.get(next.digest) ?? []) keep(referrer);
    if (!isIndexType(next.mediaType)) continue;
    for (const child of (await connectionsOf(repository, next, options))?.manifests ?? []) {
      if (isDocumentType(child.mediaType)) keep(child);
    }
  }
  return [...candidates.keys()].filter((digest) => !stay.has(digest));
}

async function bySubject(
  repository: Source,
  manifests: Iterable<Descriptor>,
  options: Options,
): Promise<Map<Digest, Descriptor[]>> {
  const found = new Map<Digest, Descriptor[]>();
  for (const manifest of manifests) {
    const subject = (await connectionsOf(repository, manifest, options))?.subject;
    if (subject) found.set(subject, [...found.get(subject) ?? [], manifest]);
  }
  return found;
}

/** Nothing where it has been deleted meanwhile. */
async function connectionsOf(
  repository: Source,
  { mediaType, digest, size }: Descriptor,
  options: Options,
): Promise<Connections | undefined> {
  const bytes = await ifFound(
    readDocument(repository, { mediaType, digest, size }, { role: "manifest", ...options }),
  );
  if (!bytes) return undefined;
  const document = parseDocument(bytes, { mediaType, what: digest });
  if (document.kind === "schema1") return { manifests: [], subject: undefined };
  const { subject } = document.kind === "index" ? document.index : document.manifest;
  return { manifests: document.kind === "index" ? document.index.manifests : [], subject: subject?.digest };
}
