import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type IndexManifest, parseIndex } from "../spec/manifest.ts";
import { changeDocument } from "./change_document.ts";
import type { IndexBody, IndexEntry } from "./index_body.ts";
import type { EditedIndexEntry, IndexEdit } from "./index_edit.ts";

/** An index made from another index and one edit. */
export class EditedIndex implements IndexBody {
  readonly #base: IndexBody;
  readonly #edit: IndexEdit;
  readonly #entries: Once<{ before: readonly EditedIndexEntry[]; entries: readonly EditedIndexEntry[] }>;
  readonly #manifest: Once<Bytes>;
  readonly #descriptor: Once<Descriptor>;

  constructor(base: IndexBody, edit: IndexEdit) {
    this.#base = base;
    this.#edit = edit;
    this.#entries = new Once((signal) => this.#editEntries({ signal }));
    this.#manifest = new Once((signal) => this.#editManifest({ signal }));
    this.#descriptor = new Once((signal) => this.#describe({ signal }));
  }

  descriptor(options?: Options): Promise<Descriptor> {
    return this.#descriptor.get(options?.signal);
  }

  async rawManifest(options?: Options): Promise<Bytes> {
    return (await this.#manifest.get(options?.signal)).slice();
  }

  async entries(options?: Options): Promise<readonly IndexEntry[]> {
    return (await this.#entries.get(options?.signal)).entries;
  }

  async #editEntries(options: Options) {
    const before = (await this.#base.entries(options)).map((entry, index) => ({ ...entry, index }));
    return { before, entries: await this.#edit.entries?.(before, options) ?? before };
  }

  async #editManifest(options: Options): Promise<Bytes> {
    const raw = await this.#base.rawManifest(options);
    const context = { ...await this.#entries.get(options.signal), signal: options.signal };
    return await changeDocument(raw, parseIndex(raw), async (index) => {
      if (this.#edit.entries) await nameManifests(index, context.entries, options);
      const mediaType = await this.#mediaType(options);
      if (mediaType !== (await this.#base.descriptor(options)).mediaType) index.mediaType = mediaType;
      await this.#edit.manifest?.(index, context);
    });
  }

  async #describe(options: Options): Promise<Descriptor> {
    const bytes = await this.rawManifest(options);
    const mediaType = await this.#mediaType(options);
    return { mediaType, digest: await digestBytes(bytes), size: bytes.byteLength };
  }

  async #mediaType(options: Options): Promise<string> {
    const { mediaType } = await this.#base.descriptor(options);
    return this.#edit.mediaType?.(mediaType) ?? mediaType;
  }
}

async function nameManifests(
  index: IndexManifest,
  entries: readonly EditedIndexEntry[],
  options: Options,
): Promise<void> {
  const before = index.manifests;
  index.manifests = [];
  for (const entry of entries) {
    const known = entry.index === undefined ? undefined : before[entry.index];
    const { data: _, ...replaced } = (entry.replaces === undefined ? undefined : before[entry.replaces]) ??
      {};
    index.manifests.push(known ?? { ...replaced, ...await describeEntry(entry, options) });
  }
}

async function describeEntry(
  { part, platform, annotations, artifactType }: IndexEntry,
  options: Options,
): Promise<Descriptor> {
  const { mediaType, digest, size } = await part.content(options);
  if (digest === undefined || size === undefined) {
    throw new GantryError("not-computed", `describe ${mediaType}: it has not been written yet`);
  }
  return {
    mediaType,
    size,
    digest,
    ...(annotations && { annotations }),
    ...(platform && { platform }),
    ...(artifactType !== undefined && { artifactType }),
  };
}
