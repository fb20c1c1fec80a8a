import type { Options } from "../../content/contracts.ts";
import type { DecodeLimits } from "../../codec/limits.ts";
import type { TarLimits } from "../../tar/scanner.ts";

/** A range of numbers of users or groups, as containers and the host call them. */
export interface IdMapping {
  /** The first in the container. */
  container: number;
  /** The first on the host. */
  host: number;
  /** How many. */
  size: number;
}

/** Whose numbers on the host stand for which in the image. */
export interface IdMappings {
  /** Users. */
  uids: readonly IdMapping[];
  /** Groups. */
  gids: readonly IdMapping[];
}

/** What is refused for its size. */
export interface UnpackLimits extends Omit<TarLimits, "sparse">, Omit<DecodeLimits, "output"> {
  /** Bytes of content in all layers together. Default: 256 GiB. */
  bytes?: number | undefined;
  /** Bytes of one file. Default: 64 GiB. */
  file?: number | undefined;
  /** Bytes of a path. Default: 4096. */
  path?: number | undefined;
  /** Names in a path. Default: 256. */
  depth?: number | undefined;
}

/** How to unpack. */
export interface UnpackOptions extends Options {
  /**
   * Who owns what is unpacked. `keep`: whom the image says, the default for the superuser, who alone can do that. `record`:
   * whoever unpacks; what the image says stands in a file beside the directory, `DIRECTORY.owners.json`, the default for all
   * others. Mappings: those on the host who stand for whom the image says.
   */
  owners?: "keep" | "record" | IdMappings | undefined;
  /** Most milliseconds to wait for another process that unpacks to the same directory. Default: 0. */
  wait?: number | undefined;
  /** How many layers are read at once. Default: 3. */
  jobs?: number | undefined;
  /** What is refused for its size. */
  limits?: UnpackLimits | undefined;
}

/** Something that could not be unpacked as the image has it. */
export interface Skipped {
  /** Its path in the image. */
  path: string;
  /** What is missing, and why: `character device 1:3: …`. */
  reason: string;
}
