/**
 * The two documents of an OCI image layout, `oci-layout` and `index.json`, in a directory or an archive.
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 *
 * @module
 */

import { GantryError } from "../errors.ts";
import { algorithmOf, type Digest, hexOf, isDigest } from "./digest.ts";
import { type JsonObject, parseJson } from "./json.ts";
import { checkIndex, type IndexManifest } from "./manifest.ts";

/** The version that `oci-layout` must say. */
export const layoutVersion = "1.0.0";

/** The largest `index.json` that is read, in bytes: about a hundred thousand tags. */
export const layoutIndexLimit: number = 32 * 1024 * 1024;

/** Where a layout keeps the bytes of a digest, below its top. */
export function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

/** https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys */
const refNameGrammar = /^[A-Za-z0-9_][A-Za-z0-9_.:@+/-]{0,254}$/;

/** Whether an entry of a layout may have this name. A digest is none: it would hide the entry that has the digest. */
export function isRefName(text: string): boolean {
  return refNameGrammar.test(text) && !isDigest(text);
}

/**
 * Reads an `index.json`.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} As `parseIndex`.
 */
export function parseLayoutIndex(bytes: Uint8Array, what: string): IndexManifest {
  const document = parseJson(bytes, what, { bytes: layoutIndexLimit }) as JsonObject | null;
  // umoci before 0.5.1, and other tools written in Go, write `null` for an empty list.
  if (document?.["manifests"] === null) document["manifests"] = [];
  return checkIndex(document, what);
}

/**
 * Checks the version in an `oci-layout`.
 *
 * @param what Names the document in errors.
 * @param subject What the error says of the version: `open a.tar: the version of its layout`.
 * @throws {GantryError} `unsupported` for another version, `invalid-document` when there is none.
 */
export function checkLayoutVersion(bytes: Uint8Array, what: string, subject: string): void {
  const version = (parseJson(bytes, what) as JsonObject | null)?.["imageLayoutVersion"];
  if (version === layoutVersion) return;
  throw new GantryError(
    typeof version === "string" ? "unsupported" : "invalid-document",
    `${subject} is ${JSON.stringify(version)}, expected "${layoutVersion}"`,
  );
}
