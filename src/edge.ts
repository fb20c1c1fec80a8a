/**
 * The slim door: the registry client, lazy images and copying for edge functions and browsers. It imports no `node:`
 * module and no WebAssembly, and loads nothing later.
 *
 * @example What an edge function answers with: `export default { fetch: manifest }`
 * ```ts
 * import { registry } from "@gantry/oci/edge";
 *
 * async function manifest(): Promise<Response> {
 *   const { descriptor, document } = await registry("ghcr.io/acme/app").resolve("v1", { document: true });
 *   return new Response(document, { headers: { "content-type": descriptor.mediaType } });
 * }
 * console.log(typeof manifest);
 * ```
 *
 * @module
 */

export type { Bytes } from "./bytes.ts";
export * from "./content/mod.ts";
export * from "./copy/mod.ts";
export * from "./errors.ts";
export * from "./image/mod.ts";
export * from "./keychain/web.ts";
export * from "./registry/mod.ts";
export * from "./spec/mod.ts";
export type { PaxRecords, TarEntry, TarItem, TarOptions, TarTime, TarType } from "./tar/mod.ts";
