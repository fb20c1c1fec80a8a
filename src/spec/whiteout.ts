/**
 * How a layer says that files of the layers below are gone.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts
 *
 * @module
 */

/** What the name of an empty file begins with that takes the file of the rest of its name away. */
export const whiteoutPrefix = ".wh.";

/** The name of a file that takes away all that the layers below have in its directory. */
export const opaqueWhiteout = ".wh..wh..opq";

/** Whether a layer takes this last part of a path for a whiteout. */
export function isWhiteout(name: string): boolean {
  return name.startsWith(whiteoutPrefix);
}
