import type {
  Address,
  Content,
  Ingest,
  Options,
  Origin,
  Role,
  Target,
  WriteOptions,
  Written,
} from "../content/contracts.ts";
import { roleOf } from "../content/role.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import { writeBlob } from "./blob_write.ts";
import { deleteBlob, deleteManifest, untagManifest } from "./delete.ts";
import { openIngest } from "./ingest.ts";
import { tagManifest, writeManifest } from "./manifest_write.ts";
import type { Repository } from "./repository.ts";
import { RepositorySource } from "./source.ts";

/** One repository of a registry. */
export type Registry =
  & Target
  & Origin
  & Required<Pick<Target, "names" | "referrers" | "origins" | "untag" | "delete" | "ingest">>;

/** A repository as a target. */
export class RepositoryTarget extends RepositorySource implements Registry {
  readonly complete = true;
  readonly #repository: Repository;

  constructor(repository: Repository) {
    super(repository);
    this.#repository = repository;
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

  ingest(session: string, options: Options & { create?: boolean | undefined } = {}): Promise<Ingest> {
    return openIngest(this.#repository, session, options);
  }
}
