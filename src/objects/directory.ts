/**
 * A directory as a bucket: to try things out without a server, in Deno, Bun and Node.
 *
 * @example
 * ```ts
 * import { objects } from "@gantry/oci/objects";
 * import { directory } from "@gantry/oci/objects/directory";
 *
 * const repositories = objects({ bucket: directory(await Deno.makeTempDir()) });
 * for await (const name of repositories.repositories()) console.log(name);
 * ```
 *
 * @module
 */

import { readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BigIntStats } from "node:fs";
import { type Bytes, chunksOf } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { makeDirectory } from "../disk/directory.ts";
import { ifThere, onDisk } from "../disk/errors.ts";
import { writeAll } from "../disk/files.ts";
import { GantryDirectory, gantryDirectoryIn } from "../disk/gantry_directory.ts";
import { moveFile, putFile } from "../disk/replace.ts";
import { fileStream } from "../disk/stream.ts";
import { GantryError } from "../errors.ts";
import type {
  Bucket,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectFacts,
  OpenObject,
  Page,
  PutOptions,
  UploadedPart,
} from "./bucket.ts";

export type { Bytes } from "../bytes.ts";
export type { Options } from "../content/contracts.ts";
export type {
  Bucket,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectFacts,
  OpenObject,
  Page,
  PutOptions,
  UploadedPart,
} from "./bucket.ts";

/**
 * A directory as a bucket; keys are the paths of its files. Several processes may use it at once, and it is as durable
 * as the disk; it is not fast, as all who put wait for each other.
 */
export function directory(root: string): Bucket {
  return new DirectoryBucket(root);
}

class DirectoryBucket implements Bucket {
  readonly name: string;
  readonly #root: string;
  readonly #state: GantryDirectory;

  constructor(root: string) {
    this.#root = root;
    this.name = `the directory ${JSON.stringify(root)}`;
    this.#state = new GantryDirectory(gantryDirectoryIn(root));
  }

  head(key: string, options: Options = {}): Promise<ObjectFacts | undefined> {
    return this.#do(`look for ${key}`, options, () => this.#facts(key));
  }

  get(key: string, options: GetOptions = {}): Promise<OpenObject | undefined> {
    return this.#do(`read ${key}`, options, async () => {
      const facts = await this.#facts(key);
      if (!facts) return undefined;
      const { start = 0, end = facts.size, signal } = options;
      const stop = Math.min(end, facts.size);
      return { ...facts, body: fileStream(this.#path(key), Math.min(start, stop), stop, signal) };
    });
  }

  put(key: string, bytes: Bytes, { expect, signal }: PutOptions = {}): Promise<string> {
    return this.#change(`put ${key}`, key, { expect, signal }, async (path) => {
      await makeDirectory(dirname(path));
      await putFile(path, bytes, await this.#state.createTemporary());
      return (await this.#facts(key))!.etag;
    });
  }

  async delete(key: string, { expect, signal }: PutOptions = {}): Promise<void> {
    await this.#change(`delete ${key}`, key, { expect, signal }, async (path) => {
      await rm(path, { force: true });
      // As a bucket has no directories, they go with the last file in them.
      for (let at = dirname(path); at !== this.#root; at = dirname(at)) {
        if (!await rmdir(at).then(() => true, () => false)) break;
      }
    });
  }

  list({ prefix, delimiter, after = "", cursor = after, limit = 1000, signal }: ListOptions): Promise<Page> {
    return this.#do(`list ${prefix}`, { signal }, async () => {
      const objects: ObjectFacts[] = [], prefixes: string[] = [];
      let last = "";
      for await (const key of this.#keys("", prefix, cursor)) {
        signal?.throwIfAborted();
        const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length) + 1;
        const common = end > 0 ? key.slice(0, end) : undefined;
        if (common !== undefined && (common === prefixes.at(-1) || cursor.startsWith(common))) continue;
        if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: last };
        const facts = common === undefined ? await this.#facts(key) : undefined;
        if (facts) objects.push(facts);
        if (common !== undefined) prefixes.push(common);
        last = common ?? key;
      }
      return { objects, prefixes };
    });
  }

  startMultipart(key: string, options: Options = {}): Promise<Multipart> {
    return this.#do(`begin an upload of ${key}`, options, async () => {
      const id = crypto.randomUUID();
      await makeDirectory(this.#parts(id));
      return { key, id };
    });
  }

  putPart({ id }: Multipart, number: number, bytes: Bytes, options: Options = {}): Promise<UploadedPart> {
    return this.#do(`put part ${number}`, options, async () => {
      await stat(this.#parts(id));
      const etag = crypto.randomUUID();
      await putFile(join(this.#parts(id), `${number}.${etag}`), bytes, await this.#state.createTemporary());
      return { number, etag };
    });
  }

  completeMultipart(
    { key, id }: Multipart,
    parts: readonly UploadedPart[],
    options: Options = {},
  ): Promise<void> {
    return this.#do(`complete ${key}`, options, async () => {
      const path = this.#path(key);
      const { path: temporary, file } = await this.#state.createTemporary();
      try {
        for (const { number, etag } of parts) {
          const part = join(this.#parts(id), `${number}.${etag}`);
          const { size } = await stat(part);
          for await (const chunk of chunksOf(fileStream(part, 0, size, options.signal))) {
            await writeAll(file, chunk);
          }
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#change(`complete ${key}`, key, options, async () => {
        await makeDirectory(dirname(path));
        await moveFile(temporary, path);
      });
      await rm(this.#parts(id), { recursive: true, force: true });
    });
  }

  abortMultipart({ key, id }: Multipart, options: Options = {}): Promise<void> {
    return this.#do(`give up the upload of ${key}`, options, async () => {
      // Renamed first, so that no part comes while they are removed.
      const path = this.#parts(id);
      await ifThere(rename(path, `${path}.gone`));
      await rm(`${path}.gone`, { recursive: true, force: true });
    });
  }

  #path(key: string): string {
    const segments = key.split("/");
    if (segments.every((segment) => segment !== "" && !segment.startsWith("."))) {
      return join(this.#root, ...segments);
    }
    throw new GantryError("invalid-name", `open ${JSON.stringify(key)} in ${this.name}: it cannot be a file`);
  }

  #parts(id: string): string {
    return join(this.#state.directory, "parts", id);
  }

  async #facts(key: string): Promise<ObjectFacts | undefined> {
    const found: BigIntStats | undefined = await ifThere(stat(this.#path(key), { bigint: true }));
    if (!found?.isFile()) return undefined;
    return {
      key,
      size: Number(found.size),
      etag: `${found.ino}-${found.mtimeNs}-${found.size}`,
      modified: new Date(Number(found.mtimeMs)),
      now: new Date(),
    };
  }

  /** The keys below a directory that begin with the prefix and come after another, in the order of their bytes. */
  async *#keys(directory: string, prefix: string, after: string): AsyncGenerator<string, void, void> {
    const entries = await ifThere(readdir(join(this.#root, directory), { withFileTypes: true })) ?? [];
    const names = entries.filter(({ name }) => !name.startsWith("."))
      .map((entry) => `${directory}${entry.name}${entry.isDirectory() ? "/" : ""}`);
    for (const key of names.sort((a, b) => a < b ? -1 : 1)) {
      const isDirectory = key.endsWith("/");
      const within = isDirectory && prefix.startsWith(key);
      if (!within && !key.startsWith(prefix)) continue;
      if (isDirectory) {
        if (key > after || after.startsWith(key)) yield* this.#keys(key, prefix, after);
      } else if (key > after) yield key;
    }
  }

  /** Changes what is under a key while nobody else changes anything. */
  #change<T>(
    action: string,
    key: string,
    { expect, signal }: PutOptions,
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    return this.#do(action, { signal }, () =>
      this.#state.locked(async () => {
        const now = expect === undefined ? undefined : (await this.#facts(key))?.etag ?? null;
        if (now === expect) return await work(this.#path(key));
        throw new GantryError("conflict", `${action} in ${this.name}: another was faster`);
      }, { signal }));
  }

  async #do<T>(action: string, { signal }: Options, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    return await onDisk(`${action} in ${this.name}`, work);
  }
}
