/**
 * Tar: entries in and out, with nothing lost on the way.
 *
 * @example Rename everything in a tar; what is not renamed keeps its bytes
 * ```ts
 * import { readTar, writeTar } from "@gantry/oci/tar";
 *
 * async function* renamed(tar: ReadableStream<Uint8Array<ArrayBuffer>>) {
 *   for await (const entry of readTar(tar)) {
 *     yield entry.type === "file" ? entry.with({ path: `old/${entry.path}` }) : entry;
 *   }
 * }
 * const tar = writeTar(renamed(writeTar([{ type: "file", path: "empty" }])));
 * for await (const entry of readTar(tar)) console.log(entry.path); // old/empty
 * ```
 *
 * @module
 */

export type { TarEntry, TarItem, TarOptions, TarType } from "./item.ts";
export { decodeName, encodeName } from "./names.ts";
export type { PaxRecords, TarTime } from "./pax.ts";
export { readTar, type ReadTarOptions } from "./read.ts";
export type { TarLimits } from "./scanner.ts";
export { writeTar, type WriteTarOptions } from "./write.ts";
export type { Bytes } from "../bytes.ts";
