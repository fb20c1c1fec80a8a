/**
 * Registries as targets.
 *
 * @module
 */

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
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import { isRegistry, parseRepository } from "../spec/reference.ts";
import { resolveBlob } from "./blobs.ts";
import { openBlob } from "./download.ts";
import { openIngest } from "./ingest.ts";
import { repositoryNames, tagNames } from "./listing.ts";
import { deleteBlob, deleteManifest, untagManifest } from "./delete.ts";
import { tagManifest, writeManifest } from "./manifest_write.ts";
import { getBytes, resolveManifest } from "./manifests.ts";
import { type RegistryOptions, settings } from "./options.ts";
import { Place } from "./repository.ts";
import { writeBlob } from "./push.ts";
import { listReferrers } from "./referrers.ts";
import { Wire } from "./client.ts";

/** One repository of a registry. */
export type Registry =
  & Target
  & Origin
  & Required<Pick<Target, "names" | "referrers" | "origins" | "untag" | "delete" | "ingest">>;

/** Repositories that share what is known of their registries: tokens, schemes, unfinished uploads. */
export interface Registries {
  /** The repository of that name, as {@link registry} takes it. */
  (repository: string): Registry;
  /** The names of a registry's repositories, as {@link catalog} gives them. */
  catalog(registry: string, options?: Options): AsyncIterable<string>;
}

/**
 * A repository of a registry: `ghcr.io/acme/app`, or `alpine` for Docker Hub's `library/alpine`. Nothing is sent before
 * something is asked for.
 *
 * @throws {GantryError} `invalid-name` for what is no repository.
 *
 * @example
 * ```ts
 * import { registry } from "@gantry/oci/registry";
 *
 * const app = registry("localhost:5000/app", {
 *   transport: () => Promise.resolve(new Response('{"tags":["v1"]}')),
 * });
 * for await (const tag of app.names()) console.log(tag); // v1
 * ```
 */
export function registry(repository: string, options?: RegistryOptions): Registry {
  return registries(options)(repository);
}

/**
 * The names of a registry's repositories. Many registries keep them to themselves.
 *
 * @throws {GantryError} `denied`, `unauthorized`, `unsupported` or `not-found` where the registry does not tell.
 */
export function catalog(host: string, options?: RegistryOptions & Options): AsyncIterable<string> {
  return registries(options).catalog(host, options);
}

/**
 * A client for several repositories, which log in once and remember together.
 *
 * @example
 * ```ts
 * import { registries } from "@gantry/oci/registry";
 *
 * const open = registries({ userAgent: "mirror/1.0" });
 * const [from, to] = [open("quay.io/acme/app"), open("quay.io/acme/copy")];
 * console.log(from.registry === to.registry); // true
 * ```
 */
export function registries(options?: RegistryOptions): Registries {
  const wire = new Wire(settings(options));
  const open = (name: string) => {
    const { registry, repository } = parseRepository(name);
    checkRegistry(registry);
    return new Repository(new Place(wire, { registry, repository }));
  };
  return Object.assign(open, {
    catalog(registry: string, options: Options = {}): AsyncIterable<string> {
      checkRegistry(registry);
      return repositoryNames(wire, registry, options);
    },
  });
}

function checkRegistry(registry: string): void {
  // The grammar takes addresses and ports that no URL can hold: 127.256.0.1, :99999.
  if (isRegistry(registry) && URL.canParse(`https://${registry}`)) return;
  throw new GantryError("invalid-name", `open ${JSON.stringify(registry)}: it is no registry`);
}

class Repository implements Registry {
  readonly complete = true;
  readonly registry: string;
  readonly repository: string;
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    this.registry = place.registry;
    this.repository = place.repository;
  }

  resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    return options.role === "blob"
      ? resolveBlob(this.#place, name, options)
      : resolveManifest(this.#place, name, options);
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    if (roleOf(what, options.role) === "blob") return await openBlob(this.#place, what, options);
    const { document } = await getBytes(this.#place, parseDigest(what.digest), options);
    return streamOf(document.subarray(options.start, options.end));
  }

  names(options: Options = {}): AsyncIterable<string> {
    return tagNames(this.#place, options);
  }

  referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncIterable<Descriptor> {
    return listReferrers(this.#place, parseDigest(subject.digest), options);
  }

  async *origins(_what: Address): AsyncGenerator<Origin, void, void> {
    yield { registry: this.registry, repository: this.repository };
  }

  write(content: Content, options: WriteOptions = {}): Promise<Written> {
    const write = roleOf(content, options.role) === "manifest" ? writeManifest : writeBlob;
    return write(this.#place, content, options);
  }

  tag(
    name: string,
    descriptor: Descriptor,
    options: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    return tagManifest(this.#place, name, descriptor, options);
  }

  untag(name: string, options: Options = {}): Promise<void> {
    return untagManifest(this.#place, name, options);
  }

  async delete(what: Address, options: Options & { role?: Role | undefined } = {}): Promise<void> {
    parseDigest(what.digest);
    const role = options.role ?? (what.mediaType === undefined ? "manifest" : roleOf(what));
    await (role === "blob" ? deleteBlob : deleteManifest)(this.#place, what, options);
  }

  ingest(session: string, options: Options & { create?: boolean | undefined } = {}): Promise<Ingest> {
    return openIngest(this.#place, session, options);
  }
}
