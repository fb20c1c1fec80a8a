import { type Bytes, chunksOf, concat, streamOf, streamOfPieces, utf8 } from "../bytes.ts";
import { codecEngine } from "../codec/engines.ts";
import type { EncodeOptions } from "../codec/encode.ts";
import type { Hasher } from "../digest/engine.ts";
import { createHasher, digestBytes } from "../digest/hasher.ts";
import type { Digest } from "../spec/digest.ts";
import {
  formatTocFooter,
  type TocEntry,
  tocLandmarks,
  tocName,
  type TocType,
} from "../spec/table_of_contents.ts";
import { encodeHeader, paddingOf } from "../tar/encode.ts";
import { readTar, type TarEntry, type TarType } from "../tar/mod.ts";

/** What is known of an eStargz layer once it is written. */
export interface EstargzFacts {
  /** Of the tar, which has the table of contents in it. */
  diffID: Digest;
  /** Of the table of contents. */
  tocDigest: Digest;
  /** How many bytes the tar has. */
  uncompressedSize: number;
}

/** In bytes: how much of a file is compressed by itself, so that it can be read without the rest. */
const chunkSize = 4 * 1024 * 1024;

/**
 * Compresses a tar in gzip members that can be read one by one, and adds a table of contents to it:
 * https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md
 */
export function estargz(
  tar: ReadableStream<Bytes>,
  options: Pick<EncodeOptions, "engine" | "level">,
  done: (facts: EstargzFacts) => void,
): ReadableStream<Bytes> {
  return streamOfPieces(new EstargzWriter(tar, options, done).compressed());
}

/** Where a gzip member begins. It is told at which byte of the layer that is. */
type Member = (offset: number) => void;

class EstargzWriter {
  readonly #tar: ReadableStream<Bytes>;
  readonly #options: Pick<EncodeOptions, "engine" | "level">;
  readonly #done: (facts: EstargzFacts) => void;
  readonly #toc: TocEntry[] = [];
  /** How many bytes of the tar and of the layer there are so far. */
  #size = 0;
  #offset = 0;
  #tocOffset = 0;
  #tocDigest: Digest | undefined;

  constructor(
    tar: ReadableStream<Bytes>,
    options: Pick<EncodeOptions, "engine" | "level">,
    done: (facts: EstargzFacts) => void,
  ) {
    this.#tar = tar;
    this.#options = options;
    this.#done = done;
  }

  async *compressed(): AsyncGenerator<Bytes, void, void> {
    const engine = codecEngine("gzip", this.#options.engine);
    const diffID = await createHasher();
    const parts = this.#parts();
    let next: Member | undefined = () => {};
    const member = async function* (this: EstargzWriter): AsyncGenerator<Bytes, void, void> {
      for (let part = await parts.next(); !part.done; part = await parts.next()) {
        if (typeof part.value === "function") return void (next = part.value);
        this.#size += part.value.byteLength;
        await diffID.update(part.value);
        yield part.value;
      }
    };
    try {
      while (next) {
        next(this.#offset);
        next = undefined;
        for await (const piece of engine.run(member.call(this), { level: this.#options.level })) {
          this.#offset += piece.byteLength;
          yield piece;
        }
      }
      yield formatTocFooter(this.#tocOffset);
      this.#done({
        diffID: await diffID.digest(),
        tocDigest: this.#tocDigest!,
        uncompressedSize: this.#size,
      });
    } finally {
      await parts.return();
      diffID[Symbol.dispose]?.();
    }
  }

  /** The tar, and between its bytes where members begin. */
  async *#parts(): AsyncGenerator<Bytes | Member, void, void> {
    const landmark = tocLandmarks[1]!;
    const content = Uint8Array.of(0x0f);
    yield encodeHeader({ type: "file", path: landmark, size: 1, readable: streamOf(content) });
    yield* this.#content({ name: landmark, type: "reg", size: 1, mode: 0o644 }, 1, streamOf(content));
    for await (const entry of readTar(this.#tar, { what: "layer" })) {
      if (entry.path !== tocName && !tocLandmarks.includes(entry.path)) yield* this.#entry(entry);
    }
    yield (offset) => this.#tocOffset = offset;
    const json = utf8(JSON.stringify({ version: 1, entries: this.#toc }));
    this.#tocDigest = await digestBytes(json);
    const { byteLength: size } = json;
    yield encodeHeader({ type: "file", path: tocName, size, readable: streamOf(json) });
    yield concat([json, new Uint8Array(paddingOf(size) + 1024)]);
  }

  async *#entry(entry: TarEntry): AsyncGenerator<Bytes | Member, void, void> {
    const { size, type } = entry;
    // A sparse file is stored with its holes: the table knows nothing of them.
    const sparse = [...entry.pax.keys()].some((key) => key.startsWith("GNU.sparse.")) ||
      entry.typeflag === "S";
    yield sparse ? encodeHeader(entry.with({})) : entry.header;
    const toc = tocEntry(entry);
    if (type === "file" && size > 0) yield* this.#content(toc!, size, entry.readable);
    else {
      if (toc) this.#toc.push(toc);
      // Types of vendors may have something that is no file.
      if (type === "other") yield* chunksOf(entry.stored);
    }
  }

  /** A file's content, each chunk in a member of its own; padding and what follows are in the last one. */
  async *#content(
    entry: TocEntry,
    size: number,
    content: ReadableStream<Bytes>,
  ): AsyncGenerator<Bytes | Member, void, void> {
    const whole = await createHasher();
    let chunk: { entry: TocEntry; hasher: Hasher; left: number } | undefined;
    let at = 0;
    for await (const piece of chunksOf(content)) {
      await whole.update(piece);
      for (let from = 0; from < piece.byteLength;) {
        if (!chunk) {
          const left = Math.min(chunkSize, size - at);
          const part: TocEntry = at === 0 ? entry : { name: entry.name, type: "chunk" };
          yield (offset) => part.offset = offset;
          if (at > 0) part.chunkOffset = at;
          if (left < size) part.chunkSize = left;
          this.#toc.push(part);
          chunk = { entry: part, hasher: await createHasher(), left };
        }
        const bytes = piece.subarray(from, from + chunk.left);
        await chunk.hasher.update(bytes);
        yield bytes;
        from += bytes.byteLength;
        at += bytes.byteLength;
        chunk.left -= bytes.byteLength;
        if (chunk.left > 0) continue;
        chunk.entry.chunkDigest = await chunk.hasher.digest();
        chunk = undefined;
      }
    }
    entry.digest = await whole.digest();
    if (paddingOf(size) > 0) yield new Uint8Array(paddingOf(size));
  }
}

const types: Partial<Record<TarType, TocType>> = {
  "file": "reg",
  "directory": "dir",
  "symlink": "symlink",
  "hardlink": "hardlink",
  "character-device": "char",
  "block-device": "block",
  "fifo": "fifo",
};

/** What the table says of an entry; nothing of vendors' types. */
function tocEntry(entry: TarEntry): TocEntry | undefined {
  const type = types[entry.type];
  if (!type) return undefined;
  const { uid, gid, uname, gname, mtime, size, linkname, devmajor, devminor } = entry;
  const device = type === "char" || type === "block";
  const xattrs = xattrsOf(entry);
  return {
    name: entry.path,
    type,
    ...(size > 0 && { size }),
    modtime: new Date(mtime.seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
    ...((type === "symlink" || type === "hardlink") && { linkName: linkname }),
    mode: entry.mode,
    ...(uid !== 0 && { uid }),
    ...(gid !== 0 && { gid }),
    ...(uname !== "" && { userName: uname }),
    ...(gname !== "" && { groupName: gname }),
    ...(device && { devMajor: devmajor, devMinor: devminor }),
    ...(xattrs && { xattrs }),
  };
}

function xattrsOf({ pax }: TarEntry): Record<string, string> | undefined {
  const prefix = "SCHILY.xattr.";
  const found = [...pax].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => a < b ? -1 : 1);
  if (found.length === 0) return undefined;
  return Object.fromEntries(found.map(([key, value]) => [key.slice(prefix.length), base64(value)]));
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
