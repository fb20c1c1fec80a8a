import { GantryError } from "../../errors.ts";
import { Once } from "../../content/once.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import type { Digest } from "../../spec/digest.ts";
import type { Contents } from "./contents.ts";
import { ImageMaker, type MadeImage, type ManifestTypes } from "./docker_image.ts";
import { namesOf } from "../names.ts";
import { type Node, nodesIn, readNodes, standIn } from "./oci_index.ts";
import { parseSavedImages, type SavedImage } from "./docker_manifest.ts";

/** An image or index on top of an archive. */
export type Root = Listed | Saved;

/** It has a manifest of its own, which index.json lists. */
export interface Listed {
  readonly kind: "listed";
  /** The names by which Docker knows it, if it is Docker's. */
  readonly names: string[];
  readonly descriptor: Descriptor;
}

/** It has none: its manifest is made when somebody asks for it. */
export interface Saved {
  readonly kind: "saved";
  readonly names: readonly string[];
  readonly made: Once<MadeImage>;
}

/** What is in an archive: a layout, what `docker save` lists, or both at once. */
export interface Listing {
  readonly roots: readonly Root[];
  /** Every manifest and index to which index.json leads. */
  readonly documents: ReadonlyMap<Digest, Descriptor>;
}

/** An entry of index.json, with the names that Docker has for it. */
interface Entry {
  readonly node: Node;
  readonly names: string[];
}

/** Reads what an archive says of itself. */
export async function readListing(
  contents: Contents,
  what: string,
  types: ManifestTypes,
  signal?: AbortSignal,
): Promise<Listing> {
  const nodes = await readNodes(contents, what, signal);
  const images = await readSaved(contents, what, signal);
  if (!nodes && !images) throw notAnArchive(contents, what);
  const entries = (nodes ?? []).map((node): Entry => ({ node, names: [] }));
  const { documents, byConfig } = connect(entries);
  const maker = new ImageMaker(contents, what, types);
  const saved: Saved[] = [];
  const hollow = new Set<Digest>();
  for (const image of images ?? []) {
    const config = entries.length > 0 ? await unlessBroken(maker.config(image, signal)) : undefined;
    const same = config ? byConfig.get(config.descriptor.digest) ?? [] : [];
    const [known] = same.filter(({ node }) => node.layers === config?.diffIDs.length);
    if (known) {
      known.entry.names.push(...image.names);
      continue;
    }
    // Docker 25.0.0-rc saved manifests without their layers: https://github.com/moby/moby/issues/47065
    for (const { node } of same) hollow.add(node.descriptor.digest);
    saved.push({ kind: "saved", names: image.names, made: new Once((signal) => maker.make(image, signal)) });
  }
  const listed = entries.filter(({ node }) => !hollow.has(node.descriptor.digest));
  return {
    documents,
    roots: [
      ...listed.map(({ node, names }): Listed => ({ kind: "listed", names, descriptor: entryOf(node) })),
      ...saved,
    ],
  };
}

/** All documents that entries lead to; and the images among them, each with the first entry that leads there. */
function connect(entries: readonly Entry[]): {
  documents: Map<Digest, Descriptor>;
  byConfig: Map<Digest, { node: Node; entry: Entry }[]>;
} {
  const documents = new Map<Digest, Descriptor>();
  const byConfig = new Map<Digest, { node: Node; entry: Entry }[]>();
  const seen = new Set<Digest>();
  for (const entry of entries) {
    for (const node of nodesIn(entry.node, seen)) {
      documents.set(node.descriptor.digest, node.descriptor);
      if (node.config === undefined) continue;
      const same = byConfig.get(node.config) ?? [];
      byConfig.set(node.config, same);
      same.push({ node, entry });
    }
  }
  return { documents, byConfig };
}

/** What is listed, or what stands for it under its name. */
function entryOf(node: Node): Descriptor {
  const there = standIn(node);
  if (there === node || namesOf(node.descriptor).length === 0) return there.descriptor;
  return {
    ...there.descriptor,
    annotations: { ...there.descriptor.annotations, ...node.descriptor.annotations },
  };
}

async function readSaved(
  contents: Contents,
  what: string,
  signal?: AbortSignal,
): Promise<SavedImage[] | undefined> {
  const file = contents.find("manifest.json");
  return file && parseSavedImages(await contents.read(file, { signal }), `"manifest.json" in ${what}`);
}

/** What is wrong with one image is told to those who ask for it. */
async function unlessBroken<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (GantryError.is(error)) return undefined;
    throw error;
  }
}

function notAnArchive(contents: Contents, what: string): GantryError {
  const paths = [...contents.paths()];
  const old = paths.some((path) => path === "repositories" || /^[0-9a-f]{64}\/layer\.tar$/.test(path));
  return old
    ? new GantryError(
      "unsupported",
      `open ${what}: a Docker archive of before 1.10, without manifest.json; load it into Docker and save it again`,
    )
    : new GantryError(
      "invalid-archive",
      `open ${what}: neither manifest.json, as in Docker's archives, nor index.json, as in OCI's, is in it`,
    );
}
