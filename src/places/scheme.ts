/**
 * What a kind of place is: interfaces only. Each kind has a file of its own beside this one, and a line in `schemes.ts`.
 *
 * @module
 */

import type { ArchiveFormat } from "../archive/mod.ts";
import type { Options, Part, Source, Target } from "../content/mod.ts";
import type { CopyEvent } from "../copy/mod.ts";
import type { DaemonOptions } from "../daemon/mod.ts";
import type { Registries } from "../registry/mod.ts";
import type { S3Options } from "../objects/mod.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Reference } from "../spec/reference.ts";
import type { Store } from "../store/types.ts";

/** What places are reached with. */
export interface Clients {
  /** The client of registries. */
  readonly registry: Registries;
  /** How the Docker engine is reached. */
  readonly daemon?: DaemonOptions | undefined;
  /** The store that `store:NAME` is in, or its directory. */
  readonly store?: Store | string | undefined;
  /** How buckets are reached. */
  readonly s3?: Omit<S3Options, "bucket"> | undefined;
  /** Has layouts share blobs with others on the same disk where that can be. Default: false. */
  readonly link?: boolean | undefined;
}

/** How a place is read. */
export interface SourceOptions {
  /** In whose words manifests are that have to be made: OCI's for what becomes a layout. Default: Docker's. */
  types?: "docker" | "oci" | undefined;
}

/** A source that may hold something, such as a temporary file, until it is disposed of. */
export type PlaceSource = Source & Partial<AsyncDisposable>;

/** An image to be saved, and its names. */
export interface NamedPart {
  image: Part;
  names?: readonly string[] | undefined;
}

/** How images are saved. */
export interface SaveOptions extends Options {
  /** The form of an archive; other kinds have one form only. */
  format?: ArchiveFormat | undefined;
  /** Saves layers too that are not to be distributed. */
  foreign?: boolean | undefined;
  /** Is told what has been done. */
  progress?: ((event: CopyEvent) => void) | undefined;
}

/** A place, parsed. Parsing does no I/O; the methods do. */
export interface Place {
  /** Its kind. */
  readonly scheme: Scheme;
  /** The place without the name of an image, as it is written: `oci:./images`, `ghcr.io/acme/app`. */
  readonly container: string;
  /** The name of one image there: a tag, a digest or a layout's name. */
  readonly name?: string | undefined;
  /** The file or directory it is in, if it is on a disk. */
  readonly path?: string | undefined;
  /** How registries call the image, if it is in one. */
  readonly reference?: Reference | undefined;
  /** Opens it to read from it. The caller disposes of the source. */
  source(clients: Clients, options?: SourceOptions): PlaceSource;
  /** Opens it to write to it; kinds that are written whole have `save` instead. */
  target?(clients: Clients): Target;
  /** Writes all that is to be there, in place of what there was. */
  save?(images: readonly NamedPart[], clients: Clients, options?: SaveOptions): Promise<Descriptor[]>;
  /** Whether `save` would replace something. */
  exists?(): Promise<boolean>;
}

/** What all kinds have. */
interface AnyScheme {
  /** What its places begin with, such as `oci:`. */
  readonly prefixes: readonly string[];
  /** What one of them is, for messages: `an archive`. */
  readonly noun: string;
  /**
   * Parses what follows the prefix; `text` is all of it, for messages.
   *
   * @throws {GantryError} `invalid-name`, `invalid-digest`.
   */
  parse(rest: string, text: string): Place;
  /**
   * The same for a place without the name of an image.
   *
   * @throws {GantryError} `invalid-name`, also when there is the name of an image.
   */
  parseContainer(rest: string, text: string): Place;
}

/** A kind whose places are references: registries, the Docker engine. */
export interface ReferenceScheme extends AnyScheme {
  readonly kind: "reference";
}

/** A kind whose places are files or directories: `PREFIX:PATH[:NAME]`. */
export interface PathScheme extends AnyScheme {
  readonly kind: "path";
  /** The place of this kind at a path. */
  at(path: string, name?: string): Place;
  /** Whether this is what is at the path, as far as one look tells. */
  recognizes(path: string): Promise<boolean>;
}

/** A kind of place. */
export type Scheme = ReferenceScheme | PathScheme;
