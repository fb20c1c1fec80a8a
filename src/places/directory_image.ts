/**
 * One image in a directory, as skopeo's `dir:` transport has it: `version`, `manifest.json`, `HEX.manifest.json` for the
 * manifests that an index names, and each blob in a file named `HEX`. HEX is the digest without its algorithm.
 * https://github.com/containers/image/blob/main/docs/containers-transports.5.md
 */

import { open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, chunksOf, utf8 } from "../bytes.ts";
import {
  type Address,
  type Content,
  documentLimit,
  type OpenOptions,
  type Options,
  type Resolved,
  type ResolveOptions,
  type Source,
  type Target,
  type WriteOptions,
  type Written,
} from "../content/mod.ts";
import { roleOf } from "../content/role.ts";
import { copy } from "../copy/mod.ts";
import { digestBytes, digesting } from "../digest/mod.ts";
import { makeDirectory, syncDirectory } from "../disk/directory.ts";
import { ifThere, onDisk } from "../disk/errors.ts";
import { factsOf, readSmall, writeAll } from "../disk/files.ts";
import { fileStream } from "../disk/stream.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest, hexOf, isDigest, parseDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type { NamedPart, SaveOptions } from "./scheme.ts";

const version = "Directory Transport Version: 1.1\n";
const versionGrammar = /^Directory Transport Version: 1\.\d+\n?$/;

/** What such a directory holds besides its version and its manifest: of an older image it is removed. */
const partGrammar =
  /^(?:[0-9a-f]{64,128}(?:\.manifest\.json|\.signature-\d+)?|signature-\d+|\.[0-9a-f-]{36}\.tmp)$/;

/** Whether a directory says that it holds an image in this form. */
export async function isDirectoryImage(directory: string): Promise<boolean> {
  try {
    const bytes = await readSmall(join(directory, "version"), 1024);
    return bytes !== undefined && versionGrammar.test(new TextDecoder().decode(bytes));
  } catch {
    return false;
  }
}

/** An image in a directory, to read. It has no name; its manifests and blobs are found by their digests. */
export class DirectoryImage implements Source {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    const { role = "manifest", document, signal } = options;
    signal?.throwIfAborted();
    if (!isDigest(name)) throw this.#missing(`resolve ${JSON.stringify(name)}`, "an image there has no name");
    if (role === "blob") {
      const facts = await this.#facts(this.#path(name));
      if (!facts) throw this.#missing(`resolve ${name}`, "no such blob");
      return { descriptor: { mediaType: mediaTypes.octetStream, digest: name, size: facts.size } };
    }
    const bytes = await this.#read(await this.#manifestPath(name));
    if (!bytes) throw this.#missing(`resolve ${name}`, "no such manifest");
    const actual = await digestBytes(bytes, algorithmOf(name));
    if (actual !== name) {
      throw new GantryError(
        "digest-mismatch",
        `read manifest in ${this.#where}: ${actual}, expected ${name}`,
      );
    }
    return { descriptor: describe(bytes, name), ...(document && { document: bytes }) };
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    const { start = 0, end, signal } = options;
    const digest = parseDigest(what.digest); // it becomes a path
    const role = options.role ?? roleOf(what);
    const path = role === "manifest" ? await this.#manifestPath(digest) : this.#path(digest);
    const facts = await this.#facts(path);
    if (!facts) throw this.#missing(`read ${digest}`, `no such ${role}`);
    if (what.size !== undefined && what.size !== facts.size) {
      throw new GantryError("size-mismatch", `read ${path}: ${facts.size} bytes, expected ${what.size}`);
    }
    return fileStream(path, start, Math.min(end ?? facts.size, facts.size), signal);
  }

  async *roots({ signal }: Options = {}): AsyncGenerator<Descriptor, void, void> {
    signal?.throwIfAborted();
    const bytes = await this.#read(join(this.directory, "manifest.json"));
    if (!bytes) throw this.#missing("open image", "no manifest.json");
    yield describe(bytes, await digestBytes(bytes));
  }

  /** The manifest of the image itself has a name of its own. */
  async #manifestPath(digest: Digest): Promise<string> {
    const path = join(this.directory, "manifest.json");
    const bytes = await this.#read(path);
    const isRoot = bytes && await digestBytes(bytes, algorithmOf(digest)) === digest;
    return isRoot ? path : `${this.#path(digest)}.manifest.json`;
  }

  #path(digest: Digest): string {
    return join(this.directory, hexOf(digest));
  }

  #facts(path: string) {
    return onDisk(`read ${this.#where}`, () => factsOf(path));
  }

  #read(path: string): Promise<Bytes | undefined> {
    return onDisk(`read ${this.#where}`, () => readSmall(path, documentLimit));
  }

  get #where(): string {
    return `directory ${JSON.stringify(this.directory)}`;
  }

  #missing(action: string, reason: string): GantryError {
    return new GantryError("not-found", `${action} in ${this.#where}: ${reason}`);
  }
}

/**
 * Writes an image, or an index with all its images, into a directory. `manifest.json` comes last: until then the directory
 * has no image, or still the one that was there before.
 *
 * @throws {GantryError} `conflict` for a directory with other files in it, `unsupported` for several images,
 * `invalid-name` for an image with a name, `storage`, and what the image's source throws.
 */
export async function saveDirectoryImage(
  directory: string,
  images: readonly NamedPart[],
  { signal, foreign, progress }: SaveOptions = {},
): Promise<Descriptor[]> {
  const action = `write directory ${JSON.stringify(directory)}`;
  const [only] = images;
  if (!only || images.length > 1) {
    throw new GantryError("unsupported", `${action}: it holds one image, not ${images.length}`);
  }
  if (only.names?.length) throw new GantryError("invalid-name", `${action}: an image there has no name`);
  return await onDisk(action, async () => {
    const before = await ifThere(readdir(directory));
    if (before?.length && !await isDirectoryImage(directory)) {
      throw new GantryError("conflict", `${action}: directory not empty, and there is no such image in it`);
    }
    const writer = new DirectoryWriter(directory);
    try {
      await makeDirectory(directory);
      await writer.writeVersion();
      const { descriptor } = await copy(only.image, writer, { signal, foreign, progress });
      await writer.finish(descriptor.digest);
      await removeParts(directory, (name) => !writer.files.has(name));
      return [descriptor];
    } catch (error) {
      if (!writer.finished) await undo(directory, before).catch(() => {});
      throw error;
    }
  });
}

/** What an image is copied into. */
class DirectoryWriter extends DirectoryImage implements Target {
  /** The files that belong to the image. */
  readonly files = new Set<string>();
  finished = false;

  async write(content: Content, { role = roleOf(content), signal }: WriteOptions = {}): Promise<Written> {
    const { stream, result } = digesting(content.digest && algorithmOf(content.digest));
    const temporary = await this.#writeTemporary(
      (await content.open({ unverified: true, signal })).pipeThrough(stream),
      signal,
    );
    const { digest, size } = await result;
    if (content.digest !== undefined && content.digest !== digest) {
      throw new GantryError("digest-mismatch", `write ${content.digest}: the bytes are ${digest}`);
    }
    if (content.size !== undefined && content.size !== size) {
      throw new GantryError("size-mismatch", `write ${digest}: ${size} bytes, expected ${content.size}`);
    }
    const name = role === "manifest" ? `${hexOf(digest)}.manifest.json` : hexOf(digest);
    await rename(temporary, join(this.directory, name));
    this.files.add(name);
    return { descriptor: { mediaType: content.mediaType, digest, size }, how: "written" };
  }

  tag(): Promise<void> {
    return Promise.reject(new GantryError("unsupported", "tag: an image in a directory has no name"));
  }

  async writeVersion(): Promise<void> {
    const temporary = await this.#writeTemporary(new Blob([utf8(version)]).stream());
    await rename(temporary, join(this.directory, "version"));
  }

  /** Makes this manifest the one of the image. */
  async finish(digest: Digest): Promise<void> {
    const name = `${hexOf(digest)}.manifest.json`;
    await syncDirectory(this.directory);
    await rename(join(this.directory, name), join(this.directory, "manifest.json"));
    this.finished = true;
    this.files.delete(name);
    await syncDirectory(this.directory);
  }

  async #writeTemporary(bytes: ReadableStream<Bytes>, signal?: AbortSignal): Promise<string> {
    const path = join(this.directory, `.${crypto.randomUUID()}.tmp`);
    const file = await open(path, "wx");
    try {
      for await (const chunk of chunksOf(bytes, signal)) await writeAll(file, chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  }
}

/** Removes what a write that failed has left; `before` is what was there before it. */
async function undo(directory: string, before: readonly string[] | undefined): Promise<void> {
  await removeParts(directory, (name) => !before?.includes(name));
  if (!before?.includes("version")) await rm(join(directory, "version"), { force: true });
  if (!before) await rmdir(directory);
}

async function removeParts(directory: string, unwanted: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(directory)) {
    if (partGrammar.test(name) && unwanted(name)) await rm(join(directory, name), { force: true });
  }
}

function describe(bytes: Bytes, digest: Digest): Descriptor {
  const { mediaType } = parseDocument(bytes, { what: digest });
  return { mediaType, digest, size: bytes.byteLength };
}
