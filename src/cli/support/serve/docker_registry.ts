import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { namesIn } from "../../../disk/directory.ts";
import { ifThere } from "../../../disk/errors.ts";
import { factsOf, readSmall } from "../../../disk/files.ts";
import { GantryError } from "../../../errors.ts";
import { algorithmOf, type Digest, hexOf, isDigest, isRepository, isTag } from "../../../spec/mod.ts";

/** Something that a repository has: its digest, and that of the blob which holds it. */
export interface RegistryLink {
  /** By which it is asked for. */
  readonly digest: Digest;
  /** Under which its bytes are kept: docker-registry keeps what has a sha512 under its sha256. */
  readonly kept: Digest;
}

/** A tag, and when it was given. */
export interface RegistryTag {
  readonly tag: string;
  readonly digest: Digest;
  readonly changed: Date;
}

/** The longest file that names a digest, in bytes. */
const linkLimit = 1024;

/**
 * What docker-registry (distribution 2 and 3) keeps in its `rootdirectory`: links of repositories to blobs that they share.
 * https://github.com/distribution/distribution/blob/main/registry/storage/paths.go
 */
export class DockerRegistryDirectory {
  readonly #root: string;

  constructor(directory: string) {
    this.#root = join(directory, "docker", "registry", "v2");
  }

  /** @throws {GantryError} `not-found` where no registry has kept anything. */
  async require(): Promise<void> {
    if (await ifThere(stat(join(this.#root, "repositories")))) return;
    throw new GantryError("not-found", `import: there is no ${join(this.#root, "repositories")}`);
  }

  /** The file with the bytes of a blob. */
  blob(digest: Digest): string {
    const hex = hexOf(digest);
    return join(this.#root, "blobs", algorithmOf(digest), hex.slice(0, 2), hex, "data");
  }

  /** The names of the repositories. */
  async *repositories(): AsyncGenerator<string, void, void> {
    const stack = [""];
    for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
      const directory = join(this.#root, "repositories", name);
      const entries = (await ifThere(readdir(directory, { withFileTypes: true })) ?? [])
        .filter((entry) => entry.isDirectory()).map((entry) => entry.name);
      if (entries.some((entry) => entry === "_manifests" || entry === "_layers") && isRepository(name)) {
        yield name;
      }
      const below = entries.filter((entry) => !entry.startsWith("_")).sort().reverse();
      for (const entry of below) stack.push(name === "" ? entry : `${name}/${entry}`);
    }
  }

  /** The blobs that a repository has. */
  layers(repository: string): AsyncGenerator<RegistryLink, void, void> {
    return this.#links(this.#path(repository, "_layers"));
  }

  /** The manifests that a repository has. */
  revisions(repository: string): AsyncGenerator<RegistryLink, void, void> {
    return this.#links(this.#path(repository, "_manifests", "revisions"));
  }

  /** The tags of a repository. */
  async *tags(repository: string): AsyncGenerator<RegistryTag, void, void> {
    const directory = this.#path(repository, "_manifests", "tags");
    for (const tag of (await namesIn(directory)).sort()) {
      const link = join(directory, tag, "current", "link");
      const digest = isTag(tag) ? await readLink(link) : undefined;
      const facts = digest && await factsOf(link);
      if (facts) yield { tag, digest, changed: new Date(facts.changed) };
    }
  }

  async *#links(directory: string): AsyncGenerator<RegistryLink, void, void> {
    for (const algorithm of await namesIn(directory)) {
      for (const hex of await namesIn(join(directory, algorithm))) {
        const digest = `${algorithm}:${hex}`;
        if (!isDigest(digest)) continue;
        // Deleting removes the file and leaves its directory.
        const kept = await readLink(join(directory, algorithm, hex, "link"));
        if (kept) yield { digest, kept };
      }
    }
  }

  #path(repository: string, ...rest: string[]): string {
    return join(this.#root, "repositories", ...repository.split("/"), ...rest);
  }
}

/** The digest in a file; nothing where there is none, as one that was being written when the power went. */
async function readLink(path: string): Promise<Digest | undefined> {
  const bytes = await readSmall(path, linkLimit);
  const text = bytes && new TextDecoder().decode(bytes).trim();
  return text !== undefined && isDigest(text) ? text : undefined;
}
