import { type Bytes, readAll } from "../bytes.ts";
import type {
  Address,
  OpenOptions,
  Options,
  Resolved,
  ResolveOptions,
  Source,
} from "../content/contracts.ts";
import { documentLimit } from "../content/read.ts";
import { roleOf } from "../content/role.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest, isDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { isRepository, isTag } from "../spec/reference.ts";
import type { Bucket, ObjectFacts } from "./bucket.ts";
import { readSmall } from "./documents.ts";
import { listObjects } from "./list_objects.ts";

/** Bytes of a link: the key of a blob. */
const linkLimit = 1024;
/** How many links may follow each other. */
const mostLinks = 16;

/** A manifest as it stands in such a bucket, under a tag or its digest. */
export interface ListedManifest {
  /** The repository. */
  readonly repository: string;
  /** The tag or the digest. */
  readonly name: string;
}

/** The repositories of a bucket that Cloudflare's serverless-registry has written, as {@link serverlessRegistry} opens them. */
export interface ServerlessRegistry {
  /**
   * Opens a repository to be read.
   *
   * @throws {GantryError} `invalid-name` for what cannot be a repository's name.
   */
  (repository: string): Source & Required<Pick<Source, "names" | "roots">>;
  /** The manifests of all repositories, in the order of their keys: each under its digest, and under its tags. */
  manifests(options?: Options): AsyncIterable<ListedManifest>;
}

/**
 * Reads a bucket that Cloudflare's serverless-registry has written: `NAME/manifests/TAG`, `NAME/manifests/DIGEST` and
 * `NAME/blobs/DIGEST`, where a blob that was mounted is an object with the key of the one that it was mounted from.
 *
 * @example
 * ```ts
 * import { serverlessRegistry } from "@gantry/oci/objects";
 * import { directory } from "@gantry/oci/objects/directory";
 *
 * const registry = serverlessRegistry(directory(await Deno.makeTempDir()));
 * for await (const { repository, name } of registry.manifests()) console.log(repository, name);
 * ```
 */
export function serverlessRegistry(bucket: Bucket): ServerlessRegistry {
  const open = (repository: string) => {
    if (isRepository(repository)) return new ServerlessRepository(bucket, repository);
    const action = `open repository ${JSON.stringify(repository)} in ${bucket.name}`;
    throw new GantryError("invalid-name", `${action}: not a repository's name`);
  };
  return Object.assign(open, { manifests: (options: Options = {}) => manifestsIn(bucket, "", options) });
}

/** The object that a blob is in, if it is there; links are followed. */
export async function findServerlessBlob(
  bucket: Bucket,
  repository: string,
  digest: Digest,
  options: Options = {},
): Promise<ObjectFacts | undefined> {
  let key = `${repository}/blobs/${digest}`;
  for (let links = 0; links < mostLinks; links++) {
    const facts = await bucket.head(key, options);
    if (!facts || facts.size > linkLimit) return facts;
    const found = await readSmall(bucket, key, { limit: linkLimit, signal: options.signal });
    if (!found) return undefined;
    // A blob that is such a text has another digest than the one that stands in it.
    const text = new TextDecoder().decode(found.bytes);
    const [, to] = text.endsWith(`/blobs/${digest}`) ? /^(.+)\/blobs\/[^/]+$/.exec(text) ?? [] : [];
    if (to === undefined || !isRepository(to)) return facts;
    key = text;
  }
  return undefined;
}

/** The manifests whose keys begin with a prefix. */
async function* manifestsIn(
  bucket: Bucket,
  prefix: string,
  { signal }: Options,
): AsyncGenerator<ListedManifest, void, void> {
  for await (const { key } of listObjects(bucket, { prefix, signal })) {
    const [, repository, name] = /^(.+)\/manifests\/([^/]+)$/.exec(key) ?? [];
    if (repository === undefined || !isRepository(repository)) continue;
    if (isDigest(name!) || isTag(name!)) yield { repository, name: name! };
  }
}

class ServerlessRepository implements Source {
  readonly #bucket: Bucket;
  readonly #repository: string;

  constructor(bucket: Bucket, repository: string) {
    this.#bucket = bucket;
    this.#repository = repository;
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    const { role = "manifest", document = false, signal } = options;
    const action = `resolve ${JSON.stringify(name)}`;
    if (role === "blob") {
      const facts = isDigest(name) ? await this.#findBlob(name, { signal }) : undefined;
      if (!facts) throw this.#notFound(action, "no such blob");
      const descriptor = { mediaType: mediaTypes.octetStream, digest: name as Digest, size: facts.size };
      if (!document) return { descriptor };
      const bytes = await this.open(descriptor, { role: "blob", signal });
      return {
        descriptor,
        document: await readAll(bytes, { limit: documentLimit, what: name, signal }),
      };
    }
    const found = isDigest(name) || isTag(name) ? await this.#manifest(name, { signal }) : undefined;
    if (!found) throw this.#notFound(action, "no such manifest");
    return { descriptor: found.descriptor, ...(document && { document: found.bytes }) };
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    const { start, end, signal } = options;
    const { digest } = what;
    const isManifest = roleOf(what, options.role) === "manifest";
    const key = isManifest ? this.#manifestKey(digest) : (await this.#findBlob(digest, { signal }))?.key;
    const found = key === undefined ? undefined : await this.#bucket.get(key, { start, end, signal });
    if (found) return found.body;
    throw this.#notFound(`read ${digest}`, "not there");
  }

  async *names(options: Options = {}): AsyncGenerator<string, void, void> {
    for await (const { name, repository } of this.#listed(options)) {
      if (repository === this.#repository && !isDigest(name)) yield name;
    }
  }

  async *roots(options: Options = {}): AsyncGenerator<Descriptor, void, void> {
    for await (const { name, repository } of this.#listed(options)) {
      if (repository !== this.#repository || !isDigest(name)) continue;
      const found = await this.#manifest(name, options);
      if (found) yield found.descriptor;
    }
  }

  async #manifest(
    name: string,
    { signal }: Options,
  ): Promise<{ descriptor: Descriptor; bytes: Bytes } | undefined> {
    const key = this.#manifestKey(name);
    const found = await readSmall(this.#bucket, key, { limit: documentLimit, signal });
    if (!found) return undefined;
    const { bytes } = found;
    const digest = await digestBytes(bytes, isDigest(name) ? algorithmOf(name) : "sha256");
    if (isDigest(name) && digest !== name) {
      throw new GantryError(
        "digest-mismatch",
        `read ${key} in ${this.#bucket.name}: its bytes are ${digest}`,
      );
    }
    const { mediaType } = parseDocument(bytes, { what: key });
    return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
  }

  #findBlob(digest: Digest, options: Options): Promise<ObjectFacts | undefined> {
    return findServerlessBlob(this.#bucket, this.#repository, digest, options);
  }

  #listed(options: Options): AsyncGenerator<ListedManifest, void, void> {
    return manifestsIn(this.#bucket, this.#manifestKey(""), options);
  }

  #manifestKey(name: string): string {
    return `${this.#repository}/manifests/${name}`;
  }

  #notFound(action: string, reason: string): GantryError {
    return new GantryError(
      "not-found",
      `${action} of ${this.#repository} in ${this.#bucket.name}: ${reason}`,
    );
  }
}
