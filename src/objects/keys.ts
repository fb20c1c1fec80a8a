import { algorithmOf, type Digest, hexOf } from "../spec/digest.ts";

/**
 * Where everything lies in a bucket. Repositories' names are paths, so what belongs to one stands below a segment that
 * begins with an underscore, as no component of a name does.
 *
 *     blobs/sha256/HEX                            the record of a blob: in which object its bytes are
 *     collections/ID                              the marks of a collection of garbage that is gone on with
 *     data/ID                                     bytes
 *     repositories/NAME/_blobs/sha256/HEX         the link of a repository to a blob
 *     repositories/NAME/_manifests/sha256/HEX     a manifest
 *     repositories/NAME/_referrers/sha256/HEX     an index of the manifests whose subject this is
 *     repositories/NAME/_tags/TAG                 the descriptor that a tag stands for
 *     uploads/NAME/_sessions/SESSION              an upload
 */
export class Keys {
  readonly #prefix: string;

  /** `prefix` is empty, or ends with a slash. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get records(): string {
    return `${this.#prefix}blobs/`;
  }

  get collections(): string {
    return `${this.#prefix}collections/`;
  }

  get repositories(): string {
    return `${this.#prefix}repositories/`;
  }

  get uploads(): string {
    return `${this.#prefix}uploads/`;
  }

  record(digest: Digest): string {
    return `${this.records}${pathOf(digest)}`;
  }

  data(id: string): string {
    return `${this.#prefix}data/${id}`;
  }

  link(repository: string, digest: Digest): string {
    return `${this.repositories}${repository}/_blobs/${pathOf(digest)}`;
  }

  manifest(repository: string, digest: Digest): string {
    return `${this.repositories}${repository}/_manifests/${pathOf(digest)}`;
  }

  referrers(repository: string, subject: Digest): string {
    return `${this.repositories}${repository}/_referrers/${pathOf(subject)}`;
  }

  tags(repository: string): string {
    return `${this.repositories}${repository}/_tags/`;
  }

  sessions(repository: string): string {
    return `${this.uploads}${repository}/_sessions/`;
  }

  /** What a key below {@link Keys.repositories} is. */
  parse(key: string): { repository: string; kind: string; name: string } | undefined {
    const [, repository, kind, name] = /^(.+?)\/_([a-z]+)\/(.+)$/.exec(key.slice(this.repositories.length)) ??
      [];
    return repository === undefined ? undefined : { repository, kind: kind!, name: name! };
  }
}

function pathOf(digest: Digest): string {
  return `${algorithmOf(digest)}/${hexOf(digest)}`;
}
