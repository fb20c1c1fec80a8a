import { type Bytes, streamOf } from "../bytes.ts";
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
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import { resolveBlob } from "./blob_resolve.ts";
import { writeBlob } from "./blob_write.ts";
import { deleteBlob, deleteManifest, untagManifest } from "./delete.ts";
import { openBlob } from "./download.ts";
import { openIngest } from "./ingest.ts";
import { listTags } from "./listing.ts";
import { getBytes, resolveManifest } from "./manifest_resolve.ts";
import { tagManifest, writeManifest } from "./manifest_write.ts";
import { listReferrers } from "./referrers.ts";
import type { Repository } from "./repository.ts";

/** One repository of a registry. */
export type Registry =
  & Target
  & Origin
  & Required<Pick<Target, "names" | "referrers" | "origins" | "untag" | "delete" | "ingest">>;

/** A repository as a target. */
export class RegistryTarget implements Registry {
  readonly complete = true;
  readonly registry: string;
  readonly repository: string;
  readonly #repository: Repository;

  constructor(repository: Repository) {
    this.#repository = repository;
    this.registry = repository.registry;
    this.repository = repository.name;
  }

  resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    return options.role === "blob"
      ? resolveBlob(this.#repository, name, options)
      : resolveManifest(this.#repository, name, options);
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    if (roleOf(what, options.role) === "blob") return await openBlob(this.#repository, what, options);
    const { document } = await getBytes(this.#repository, parseDigest(what.digest), options);
    return streamOf(document.subarray(options.start, options.end));
  }

  names(options: Options = {}): AsyncIterable<string> {
    return listTags(this.#repository, options);
  }

  referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncIterable<Descriptor> {
    return listReferrers(this.#repository, parseDigest(subject.digest), options);
  }

  async *origins(_what: Address): AsyncGenerator<Origin, void, void> {
    yield { registry: this.registry, repository: this.repository };
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
