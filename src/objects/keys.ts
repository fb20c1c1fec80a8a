import { algorithmOf, type Digest, hexOf, isDigest } from "../spec/digest.ts";

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

  /** The name of a session may have any characters. */
  session(repository: string, session: string): string {
    const name = encodeURIComponent(session).replace(/^\./, "%2E");
    return this.sessions(repository) + name.replaceAll("%", "=");
  }

  /** The session that has a key below {@link Keys.uploads}; undefined where that is none of ours. */
  sessionOf(key: string): string | undefined {
    const [, repository, name] = /^(.+)\/_sessions\/([^/]+)$/.exec(key.slice(this.uploads.length)) ?? [];
    if (repository === undefined) return undefined;
    try {
      const session = decodeURIComponent(name!.replaceAll("=", "%"));
      return this.session(repository, session) === key ? session : undefined;
    } catch {
      return undefined;
    }
  }

  /** What a key below {@link Keys.repositories} is. */
  parse(key: string): { repository: string; kind: string; name: string } | undefined {
    const [, repository, kind, name] = /^(.+?)\/_([a-z]+)\/(.+)$/.exec(key.slice(this.repositories.length)) ??
      [];
    return repository === undefined ? undefined : { repository, kind: kind!, name: name! };
  }
}

/**
 * Whether what a bucket lists can be ours: no name begins with a dot, or is empty. versitygw lists `.NAME.sgwtmp.TIME`
 * while it puts NAME, and for good when it is killed then; consoles put `a/` for a folder.
 */
export function isOurs(key: string): boolean {
  return !/(?:^|\/)(?:\.[^/]*)?$/.test(key);
}

/** The digest that the end of a key stands for, if it does. */
export function digestAt(path: string): Digest | undefined {
  const digest = path.replace("/", ":");
  return isDigest(digest) ? digest : undefined;
}

function pathOf(digest: Digest): string {
  return `${algorithmOf(digest)}/${hexOf(digest)}`;
}
