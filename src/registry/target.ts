import type { Bytes } from "../bytes.ts";
import type {
  Address,
  Content,
  Ingest,
  OpenOptions,
  Options,
  Origin,
  Resolved,
  ResolveOptions,
  Role,
  Target,
  WriteOptions,
  Written,
} from "../content/contracts.ts";
import { roleOf } from "../content/role.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, isDigest, parseDigest } from "../spec/digest.ts";
import { schema1Payload } from "../spec/schema1.ts";
import { openBlob } from "./blob_open.ts";
import { writeBlob } from "./blob_write.ts";
import { deleteBlob, deleteManifest, untagManifest } from "./delete.ts";
import { Existence } from "./existence.ts";
import { FoundBlobs } from "./found_blobs.ts";
import { openIngest } from "./ingest.ts";
import { tagManifest, writeManifest } from "./manifest_write.ts";
import { checkPushPermission } from "./push_permission.ts";
import type { Repository } from "./repository.ts";
import { RepositorySource } from "./source.ts";

/** One repository of a registry. */
export type Registry =
  & Target
  & Origin
  & Required<Pick<Target, "names" | "referrers" | "origins" | "untag" | "delete" | "ingest">>
  & {
    /**
     * Makes sure that the credentials allow pushing, before anything is made to be pushed.
     *
     * @throws {GantryError} `unauthorized`, `denied`, and what else the registry answers.
     */
    checkPushPermission(options?: Options): Promise<void>;
  };

/** A repository as a target. */
export class RepositoryTarget extends RepositorySource implements Registry {
  readonly complete = true;
  readonly #repository: Repository;

  constructor(repository: Repository) {
    super(repository);
    this.#repository = repository;
    repository.signedPart = schema1Payload;
    repository.existence = new Existence(repository);
    repository.digestBytes = digestBytes;
    repository.foundBlobs = new FoundBlobs();
  }

  override async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    try {
      return await super.open(what, options);
    } catch (error) {
      if (roleOf(what, options.role) === "blob" || !GantryError.is(error, "not-found")) throw error;
      // Some registries have manifests that were written as blobs, and give them as such only.
      return await this.openBlob(what, options).catch(() => {
        throw error;
      });
    }
  }

  protected override openBlob(what: Address, options: OpenOptions): Promise<ReadableStream<Bytes>> {
    return openBlob(this.#repository, what, options);
  }

  override async resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    // Not for whoever only reads: some registries know nothing of a repository in which no manifest has a tag.
    if (options.beforeWrite && isDigest(name) && await this.#repository.existence?.isNew(options)) {
      const what = `resolve ${this.#repository.reference(name)}`;
      throw new GantryError("not-found", `${what}: the registry has no such repository`);
    }
    return await super.resolve(name, options);
  }

  write(content: Content, options: WriteOptions = {}): Promise<Written> {
    const write = roleOf(content, options.role) === "manifest" ? writeManifest : writeBlob;
    return write(this.#repository, content, options);
  }

  tag(
    name: string,
    descriptor: Descriptor,
    options: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    return tagManifest(this.#repository, name, descriptor, options);
  }

  untag(name: string, options: Options = {}): Promise<void> {
    return untagManifest(this.#repository, name, options);
  }

  async delete(what: Address, options: Options & { role?: Role | undefined } = {}): Promise<void> {
    parseDigest(what.digest);
    const role = options.role ?? (what.mediaType === undefined ? "manifest" : roleOf(what));
    await (role === "blob" ? deleteBlob : deleteManifest)(this.#repository, what, options);
  }

  checkPushPermission(options: Options = {}): Promise<void> {
    return checkPushPermission(this.#repository, options);
  }

  ingest(session: string, options: Options & { create?: boolean | undefined } = {}): Promise<Ingest> {
    return openIngest(this.#repository, session, options);
  }
}
