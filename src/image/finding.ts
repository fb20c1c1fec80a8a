import type { ErrorCode } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";

/** Something that is wrong with an image. */
export interface Finding {
  /**
   * What kind of thing: the code of the error that reading ended with, or what does not fit together. `wrong-layers`,
   * `wrong-history` and `wrong-platform` are about the config; `duplicate-name` and `unsafe-name` about entries of a tar.
   */
  code: ErrorCode | "wrong-layers" | "wrong-history" | "wrong-platform" | "duplicate-name" | "unsafe-name";
  /** What is wrong, in one sentence that names the manifest and the layer. */
  message: string;
  /** The manifest, where it is one in an index. */
  manifest?: Digest | undefined;
  /** The layer, from 0 at the base. */
  layer?: number | undefined;
  /** The entry of the layer's tar. */
  path?: string | undefined;
}
