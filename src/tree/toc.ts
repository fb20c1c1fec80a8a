import { type Bytes, chunksOf, concat, readAll, streamOf, streamOfPieces, text } from "../bytes.ts";
import { gunzip, unzstd } from "../codec/decode.ts";
import type { Options } from "../content/contracts.ts";
import { sliceStream } from "../content/range.ts";
import { digestBytes } from "../digest/hasher.ts";
import { verifying } from "../digest/verify.ts";
import { GantryError } from "../errors.ts";
import type { Layer } from "../image/layer.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import {
  parseToc,
  parseTocFooter,
  tocAnnotations,
  type TocEntry,
  tocFooterSize,
  tocLandmarks,
  tocName,
} from "../spec/table_of_contents.ts";
import { readTar } from "../tar/mod.ts";
import { partsOf } from "./path.ts";

/** In bytes: the largest table that is read. */
const tocLimit = 150 * 1024 * 1024;
/** In bytes: what is read at the end of an eStargz layer at first; in most layers the table is in it. */
const tailSize = 128 * 1024;

/** Part of a file's content. */
interface Chunk {
  /** Where its compressed bytes are in the layer. */
  start: number;
  end: number;
  /** How much of what they give comes before it. */
  skip: number;
  size: number;
  digest: Digest | undefined;
  zeros: boolean;
}

/** What a table says of a path. */
export interface TocFile {
  entry: TocEntry;
  chunks: Chunk[];
}

/** The table of contents of a layer. */
export interface Toc {
  /** What is in the layer by the parts of its path, joined; whiteouts too. */
  files: ReadonlyMap<string, TocFile>;
  /** The content of a file, each chunk verified. */
  open(file: TocFile, options?: Options): ReadableStream<Bytes>;
}

/**
 * The table of contents that a layer's annotations tell of, verified; undefined when it has none.
 *
 * @throws {GantryError} `digest-mismatch`, `invalid-document`, `invalid-archive` when it is not the table that it must be.
 */
export async function openToc(layer: Layer, options: Options = {}): Promise<Toc | undefined> {
  if (!layer.known) return undefined;
  const descriptor = await layer.descriptor(options);
  const annotation = (names: readonly string[]) =>
    names.map((name) => descriptor.annotations?.[name]).find((value) => value !== undefined);
  const checksum = annotation(tocAnnotations.checksum), position = annotation(tocAnnotations.position);
  if (checksum !== undefined && position !== undefined) {
    return await zstdChunked(layer, parseDigest(checksum), position, options);
  }
  const digest = annotation([tocAnnotations.digest]);
  return digest === undefined ? undefined : await eStargz(layer, descriptor, parseDigest(digest), options);
}

async function eStargz(layer: Layer, { size }: Descriptor, digest: Digest, options: Options): Promise<Toc> {
  const what = `table of contents of layer ${layer.known!.digest}`;
  const unverified = { ...options, unverified: true } as const;
  const read = async (start: number, end: number) =>
    await readAll(await layer.range(start, end, unverified), { limit: tocLimit, what });
  const from = Math.max(0, size - tailSize);
  const tail = await read(from, size);
  const offset = parseTocFooter(tail.subarray(-tocFooterSize));
  if (offset === undefined || offset > size - tocFooterSize) {
    throw new GantryError("invalid-archive", `read ${what}: the layer does not end as eStargz does`);
  }
  if (size - offset > tocLimit) {
    throw new GantryError("too-large", `read ${what}: more than ${tocLimit} bytes`);
  }
  const packed = offset >= from
    ? tail.subarray(offset - from, -tocFooterSize)
    : concat([await read(offset, from), tail.subarray(0, -tocFooterSize)]);
  const tar = streamOf(packed as Bytes).pipeThrough(gunzip({ what, limits: { output: tocLimit } }));
  for await (const entry of readTar(tar, { what })) {
    if (entry.path !== tocName) break;
    const json = await readAll(entry.readable, { limit: tocLimit, what });
    const actual = await digestBytes(json);
    if (actual !== digest) throw mismatch(what, actual, digest);
    return tocOf(layer, parseToc(text(json, what), what), offset, gunzip);
  }
  throw new GantryError("invalid-archive", `read ${what}: ${tocName} is not where the layer's end says`);
}

async function zstdChunked(layer: Layer, digest: Digest, position: string, options: Options): Promise<Toc> {
  const what = `table of contents of layer ${layer.known!.digest}`;
  const [, offset = NaN, length = NaN, size = NaN] = /^(\d+):(\d+):(\d+):1$/.exec(position)?.map(Number) ??
    [];
  if (![offset, length, size].every(Number.isSafeInteger)) {
    throw new GantryError("invalid-document", `read ${what}: its place is ${JSON.stringify(position)}`);
  }
  if (Math.max(length, size) > tocLimit) {
    throw new GantryError("too-large", `read ${what}: more than ${tocLimit} bytes`);
  }
  const packed = await layer.range(offset, offset + length, { ...options, digest });
  const json = await readAll(packed.pipeThrough(unzstd({ what, limits: { output: size } })), {
    limit: size,
    what,
    signal: options.signal,
  });
  return tocOf(layer, parseToc(text(json, what), what), offset, unzstd);
}

/** Puts a table together. Where a chunk does not say where it ends, it ends where the next one begins, or the table. */
function tocOf(layer: Layer, entries: readonly TocEntry[], end: number, unpack: typeof gunzip): Toc {
  const offsets = [...new Set(entries.flatMap(({ offset }) => offset ?? []))].sort((a, b) => a - b);
  const after = new Map(offsets.map((offset, i) => [offset, offsets[i + 1] ?? end]));
  const files = new Map<string, TocFile>();
  let file: TocFile | undefined;
  for (const entry of entries) {
    if (entry.type !== "chunk") {
      file = { entry, chunks: [] };
      if (!skipped.has(entry.name)) files.set(partsOf(entry.name).join("/"), file);
    }
    const { size = 0 } = file?.entry ?? {};
    if (!file || size === 0 || (entry.type !== "chunk" && entry.type !== "reg")) continue;
    const { offset = 0, endOffset, innerOffset = 0, chunkOffset = 0, chunkSize = 0 } = entry;
    const last = chunkSize === 0 || chunkOffset + chunkSize === size;
    file.chunks.push({
      start: offset,
      end: (last ? endOffset ?? file.entry.endOffset : undefined) ?? after.get(offset) ?? end,
      skip: innerOffset,
      size: chunkSize || size - chunkOffset,
      digest: (entry.chunkDigest || (chunkOffset === 0 && last ? entry.digest : undefined)) as
        | Digest
        | undefined,
      zeros: entry.chunkType === "zeros",
    });
  }
  return {
    files,
    open: (wanted, options) => streamOfPieces(contentOf(layer, wanted, unpack, options ?? {})),
  };
}

const skipped: ReadonlySet<string> = new Set([tocName, ...tocLandmarks]);

async function* contentOf(
  layer: Layer,
  { entry, chunks }: TocFile,
  unpack: typeof gunzip,
  options: Options,
): AsyncGenerator<Bytes, void, void> {
  const what = `${JSON.stringify(entry.name)} of layer ${layer.known!.digest}`;
  if (chunks.reduce((sum, { size }) => sum + size, 0) !== (entry.size ?? 0)) {
    throw new GantryError("invalid-document", `read ${what}: its chunks are not of its size`);
  }
  for (const { start, end, skip, size, digest, zeros } of chunks) {
    if (zeros) {
      for (let left = size; left > 0; left -= 65536) yield new Uint8Array(Math.min(left, 65536));
      continue;
    }
    if (digest === undefined) {
      throw new GantryError("invalid-document", `read ${what}: the table has no digest to verify it by`);
    }
    const packed = await layer.range(start, end, { ...options, unverified: true });
    const plain = sliceStream(packed.pipeThrough(unpack({ what })), skip, skip + size);
    yield* chunksOf(
      plain.pipeThrough(verifying({ digest: parseDigest(digest), size }, { what })),
      options.signal,
    );
  }
}

function mismatch(what: string, actual: string, expected: string): GantryError {
  return new GantryError("digest-mismatch", `read ${what}: ${actual}, expected ${expected}`);
}
