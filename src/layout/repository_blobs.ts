import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Options } from "../content/contracts.ts";
import type { BlobDirectory } from "../disk/blob_directory.ts";
import { makeDirectory, namesIn, syncDirectory } from "../disk/directory.ts";
import { errno } from "../disk/errors.ts";
import { factsOf } from "../disk/files.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest, hexOf, isDigest } from "../spec/digest.ts";
import type { Documents } from "./documents.ts";
import type { IndexFile } from "./index_file.ts";

/** Below a layout's directory, an empty file for each blob that came through it. */
const links = "links";

/**
 * Which of the blobs that repositories share can be read through one: those that came through it, and those that its
 * manifests name.
 */
export class RepositoryBlobs {
  readonly #index: IndexFile;
  readonly #documents: Documents;
  #named: { of: readonly Descriptor[]; blobs: Promise<ReadonlySet<Digest>> } | undefined;

  constructor(index: IndexFile, documents: Documents) {
    this.#index = index;
    this.#documents = documents;
  }

  async has(digest: Digest, options: Options = {}): Promise<boolean> {
    if (await factsOf(this.#path(digest))) return true;
    const entries = await this.#index.entries();
    if (this.#named?.of !== entries) {
      this.#named = { of: entries, blobs: this.#documents.blobsOf(entries, options) };
      this.#named.blobs.catch(() => this.#named = undefined);
    }
    return (await this.#named.blobs).has(digest);
  }

  /** A blob has come through it. */
  async add(digest: Digest): Promise<void> {
    const path = this.#path(digest);
    await makeDirectory(dirname(path));
    try {
      await writeFile(path, "", { flag: "wx" });
    } catch (error) {
      if (errno(error) === "EEXIST") return;
      throw error;
    }
    await syncDirectory(dirname(path));
  }

  #path(digest: Digest): string {
    return join(this.#index.directory, links, algorithmOf(digest), hexOf(digest));
  }
}

/** Forgets which blobs came through a repository that are no longer there. */
export async function sweepLinks(directory: string, blobs: BlobDirectory): Promise<void> {
  for (const algorithm of await namesIn(join(directory, links))) {
    for (const hex of await namesIn(join(directory, links, algorithm))) {
      const digest = `${algorithm}:${hex}`;
      if (isDigest(digest) && await blobs.facts(digest)) continue;
      await rm(join(directory, links, algorithm, hex), { force: true });
    }
  }
}
