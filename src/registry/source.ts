import { type Bytes, streamOf } from "../bytes.ts";
import type {
  Address,
  OpenOptions,
  Options,
  Origin,
  Resolved,
  ResolveOptions,
  Source,
} from "../content/contracts.ts";
import { roleOf } from "../content/role.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { parseDigest } from "../spec/digest.ts";
import { resolveBlob } from "./blob_resolve.ts";
import { download } from "./download.ts";
import { listTags } from "./listing.ts";
import { getBytes, resolveManifest } from "./manifest_resolve.ts";
import { listReferrers } from "./referrers.ts";
import type { Repository } from "./repository.ts";

/** One repository of a registry, to read from. */
export type RegistrySource = Source & Origin & Required<Pick<Source, "names" | "referrers" | "origins">>;

/** A repository as a source. */
export class RepositorySource implements RegistrySource {
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
    if (roleOf(what, options.role) === "blob") return await this.openBlob(what, options);
    const { document } = await getBytes(this.#repository, parseDigest(what.digest), options);
    return streamOf(document.subarray(options.start, options.end));
  }

  /** A blob, or a range of it. */
  protected openBlob(what: Address, options: OpenOptions): Promise<ReadableStream<Bytes>> {
    return download(this.#repository, what, options);
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
}
