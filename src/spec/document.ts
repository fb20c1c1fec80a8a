/**
 * Telling what a document is: manifest, index or Docker's schema 1.
 *
 * @module
 */

import { GantryError } from "../errors.ts";
import { has, invalid, isObject } from "./check.ts";
import { type JsonObject, parseJson } from "./json.ts";
import { checkIndex, checkManifest, type IndexManifest, type Manifest } from "./manifest.ts";
import { isDocumentType, isIndexType, isSchema1Type, mediaTypes } from "./media_type.ts";

/** A document that registries keep as a manifest. */
export type Document =
  | { kind: "manifest"; mediaType: string; manifest: Manifest }
  | { kind: "index"; mediaType: string; index: IndexManifest }
  /** Docker's schema 1 is only recognised: it can be copied, not read. */
  | { kind: "schema1"; mediaType: string };

/** What is known of a document before it is read. */
export interface DocumentOptions {
  /** The `Content-Type` it came with, or the media type of its descriptor. */
  mediaType?: string | null | undefined;
  /** Names the document in errors. Default: `document`. */
  what?: string;
}

/** Content types of servers that do not know the type; the last one is Amazon S3's. */
const unspecific: readonly string[] = [
  "",
  "application/json",
  "text/plain",
  mediaTypes.octetStream,
  "binary/octet-stream",
];

/**
 * Reads a manifest, an index or a schema 1 manifest, going by the media type it came with, by the one it holds, and by
 * its fields; where they disagree it is refused.
 *
 * @throws {GantryError} `invalid-document` for a document that is none of these or more than one; `unsupported` for
 * other media types.
 *
 * @example
 * ```ts
 * import { parseDocument } from "@gantry/oci/spec";
 *
 * const bytes = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
 * parseDocument(bytes, { mediaType: "application/json" }).kind; // "index"
 * ```
 */
export function parseDocument(bytes: Uint8Array, options: DocumentOptions = {}): Document {
  const what = options.what ?? "document";
  const outer = essence(options.mediaType ?? "");
  if (!unspecific.includes(outer)) requireDocumentType(outer, what);
  const document = parseJson(bytes, what);
  if (!isObject(document)) throw invalid(what, "not an object");
  const inner = typeof document["mediaType"] === "string" ? document["mediaType"] : undefined;
  if (inner !== undefined) requireDocumentType(inner, what);
  const mediaType = unspecific.includes(outer) ? inner ?? guess(document, what) : outer;
  if (inner !== undefined && inner !== mediaType && !(isSchema1Type(inner) && isSchema1Type(mediaType))) {
    throw invalid(what, `it came as ${mediaType} and says that it is ${inner}`);
  }
  if (isSchema1Type(mediaType)) return checkSchema1(document, mediaType, what);
  if (isIndexType(mediaType)) return { kind: "index", mediaType, index: checkIndex(document, what) };
  return { kind: "manifest", mediaType, manifest: checkManifest(document, what) };
}

function essence(contentType: string): string {
  return contentType.split(";", 1)[0]!.trim().toLowerCase();
}

function requireDocumentType(mediaType: string, what: string): void {
  if (isDocumentType(mediaType)) return;
  throw new GantryError(
    "unsupported",
    `parse ${what}: ${JSON.stringify(mediaType)} is no type of manifest or index`,
  );
}

/** What a document without a media type is; the types of Docker's schema 2 are always written down. */
function guess(document: JsonObject, what: string): string {
  if (has(document, "manifests")) return mediaTypes.ociIndex;
  if (has(document, "config") || has(document, "layers")) return mediaTypes.ociManifest;
  if (!has(document, "fsLayers")) throw invalid(what, "neither a manifest nor an index");
  return has(document, "signatures") ? mediaTypes.dockerSchema1Signed : mediaTypes.dockerSchema1;
}

function checkSchema1(document: JsonObject, mediaType: string, what: string): Document {
  const ambiguous = ["manifests", "config", "layers"].find((name) => has(document, name));
  if (document["schemaVersion"] !== 1 || !Array.isArray(document["fsLayers"]) || ambiguous !== undefined) {
    throw invalid(what, "not a schema 1 manifest");
  }
  return { kind: "schema1", mediaType };
}
