/**
 * Image manifests and indexes, OCI's and Docker's.
 *
 * @module
 */

import { aMediaType, checkFields, dropNulls, has, invalid, stringMap } from "./check.ts";
import { type Annotations, type Descriptor, parseDescriptor } from "./descriptor.ts";
import { type JsonObject, parseJson } from "./json.ts";
import { isIndexType, isManifestType } from "./media_type.ts";

/** An image manifest: a config and layers. Fields that the type does not name are kept in the object. */
export interface Manifest {
  /** Always 2. */
  schemaVersion: number;
  /** What this document is; older OCI manifests leave it out. */
  mediaType?: string;
  /** What the artifact is, when it is not an image. */
  artifactType?: string;
  /** The config blob. */
  config: Descriptor;
  /** The layers, base first. */
  layers: Descriptor[];
  /** The manifest that this one is about. */
  subject?: Descriptor;
  /** Notes. */
  annotations?: Annotations;
}

/** An index: manifests for several platforms. Fields that the type does not name are kept in the object. */
export interface IndexManifest {
  /** Always 2. */
  schemaVersion: number;
  /** What this document is; older OCI indexes leave it out. */
  mediaType?: string;
  /** What the artifact is, when it is not an image. */
  artifactType?: string;
  /** The manifests. */
  manifests: Descriptor[];
  /** The manifest that this one is about. */
  subject?: Descriptor;
  /** Notes. */
  annotations?: Annotations;
}

/** How deep indexes may stand in one another. */
export const indexDepthLimit = 16;

/**
 * Reads an image manifest, OCI's or Docker's schema 2.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} `invalid-document` for what is no manifest, also for a document that claims to be an index too;
 * `invalid-digest` and `unsupported` for bad digests; `too-large` when it is nested too deep.
 */
export function parseManifest(bytes: Uint8Array, what = "manifest"): Manifest {
  return checkManifest(parseJson(bytes, what), what);
}

/**
 * Reads an index, OCI's or Docker's manifest list.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} As {@link parseManifest}.
 */
export function parseIndex(bytes: Uint8Array, what = "index"): IndexManifest {
  return checkIndex(parseJson(bytes, what), what);
}

/** A manifest in parsed JSON. */
export function checkManifest(document: unknown, what: string): Manifest {
  checkCommon(document, isManifestType, ["manifests", "fsLayers"], what);
  parseDescriptor(document["config"], `the config of ${what}`);
  checkList(document, "layers", "layer", what);
  return document as unknown as Manifest;
}

/** An index in parsed JSON. */
export function checkIndex(document: unknown, what: string): IndexManifest {
  checkCommon(document, isIndexType, ["config", "layers", "fsLayers"], what);
  checkList(document, "manifests", "manifest", what);
  return document as unknown as IndexManifest;
}

function checkCommon(
  document: unknown,
  isType: (mediaType: string) => boolean,
  foreign: readonly string[],
  what: string,
): asserts document is JsonObject {
  checkFields(
    document,
    {
      schemaVersion: [(value) => value === 2, "2"],
      mediaType: [(value) => typeof value === "string" && isType(value), "the media type of such a document"],
      artifactType: aMediaType,
      annotations: stringMap,
    },
    ["schemaVersion"],
    what,
  );
  dropNulls(document, ["mediaType", "artifactType", "subject", "annotations"]);
  // A document that two readers understand in two ways: CVE-2021-41190.
  const ambiguous = foreign.find((name) => has(document, name));
  if (ambiguous !== undefined) throw invalid(what, `"${ambiguous}" does not belong in such a document`);
  if (document["subject"] !== undefined) parseDescriptor(document["subject"], `the subject of ${what}`);
}

function checkList(document: JsonObject, name: string, item: string, what: string): void {
  const list = document[name];
  if (!Array.isArray(list)) {
    throw invalid(what, has(document, name) ? `"${name}" is not a list` : `no "${name}"`);
  }
  list.forEach((descriptor, i) => parseDescriptor(descriptor, `${item} ${i} of ${what}`));
}
