import { type Bytes, concat, text } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { invalid, isObject } from "./check.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { parseDocument } from "./document.ts";
import { parseJson } from "./json.ts";

/**
 * What the digest of a signed schema 1 manifest is about: its bytes without the signatures. Gives undefined for all other
 * documents. https://github.com/distribution/distribution/blob/v2.8.3/docs/spec/manifest-v2-1.md
 *
 * @throws {GantryError} `invalid-document` where the signature does not tell.
 */
export function schema1Payload(bytes: Bytes, what: string): Bytes | undefined {
  if (!isSchema1(bytes)) return undefined;
  const { signatures } = parseJson(bytes, what) as { signatures?: unknown };
  if (signatures === undefined) return undefined;
  const first = Array.isArray(signatures) ? signatures[0] : undefined;
  if (!isObject(first) || typeof first["protected"] !== "string") {
    throw invalid(what, "its signatures cannot be read");
  }
  const { formatLength, formatTail } = parseJson(base64url(first["protected"], what), what) as {
    formatLength?: unknown;
    formatTail?: unknown;
  };
  const cut = typeof formatLength === "number" && formatLength >= 0 && formatLength <= bytes.byteLength;
  if (!cut || typeof formatTail !== "string") throw invalid(what, "its signature names no payload");
  return concat([bytes.subarray(0, formatLength), base64url(formatTail, what)]);
}

/** The layers of a schema 1 manifest, each once. */
export function schema1Layers(bytes: Bytes, what: string): Digest[] {
  const { fsLayers } = parseJson(bytes, what) as { fsLayers: unknown[] };
  return [
    ...new Set(fsLayers.map((layer) => parseDigest(String(isObject(layer) ? layer["blobSum"] : layer)))),
  ];
}

/** Whether a document is of schema 1 and nothing else, so that no other one passes under the digest of a part of it. */
function isSchema1(bytes: Bytes): boolean {
  if (!new TextDecoder().decode(bytes).includes('"fsLayers"')) return false; // and need not be parsed for this
  try {
    return parseDocument(bytes).kind === "schema1";
  } catch (error) {
    if (GantryError.is(error)) return false; // whoever reads it will be told what is wrong
    throw error;
  }
}

function base64url(value: string, what: string): Bytes {
  try {
    const binary = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    text(bytes, what);
    return bytes;
  } catch {
    throw invalid(what, "its signature cannot be read");
  }
}
