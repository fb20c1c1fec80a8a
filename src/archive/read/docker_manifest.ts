import type { Bytes } from "../../bytes.ts";
import { isObject } from "../../spec/check.ts";
import { type Descriptor, parseDescriptor } from "../../spec/descriptor.ts";
import { GantryError } from "../../errors.ts";
import { type Digest, isDigest } from "../../spec/digest.ts";
import { type JsonObject, parseJson } from "../../spec/json.ts";

/** How many images one archive may list, and how many layers they may have in all. */
const limits = { images: 10_000, layers: 100_000 };

/** An image as manifest.json of `docker save` lists it. */
export interface SavedImage {
  /** The name of its config in the archive. */
  readonly config: string;
  /** Its names: `alpine:3.20`. */
  readonly names: readonly string[];
  /** The names of its layers in the archive, base first. */
  readonly layers: readonly string[];
  /** What is known of layers that come from elsewhere, by diffID. */
  readonly sources: ReadonlyMap<Digest, Descriptor>;
}

/**
 * Reads manifest.json of `docker save`.
 *
 * @throws {GantryError} `invalid-document`, `too-large`.
 */
export function parseSavedImages(bytes: Bytes, what: string): SavedImage[] {
  const document = parseJson(bytes, what);
  if (!Array.isArray(document)) throw invalid(what, "it is not a list of images");
  if (document.length > limits.images) throw tooLarge(what, `more than ${limits.images} images`);
  const images = document.map((item, i) => parseSavedImage(item, `image ${i} of ${what}`));
  const layers = images.reduce((sum, image) => sum + image.layers.length, 0);
  if (layers > limits.layers) throw tooLarge(what, `more than ${limits.layers} layers`);
  return images;
}

function parseSavedImage(item: unknown, what: string): SavedImage {
  if (!isObject(item)) throw invalid(what, "not an object");
  const config = field(item, "Config", what);
  if (typeof config !== "string" || config === "") throw invalid(what, '"Config" is not a path');
  return {
    config,
    names: stringsIn(item, "RepoTags", what),
    layers: stringsIn(item, "Layers", what),
    sources: sourcesIn(item, what),
  };
}

function stringsIn(item: JsonObject, name: string, what: string): string[] {
  const list = field(item, name, what) ?? [];
  if (Array.isArray(list) && list.every((one) => typeof one === "string")) return list;
  throw invalid(what, `"${name}" is not a list of strings`);
}

function sourcesIn(item: JsonObject, what: string): Map<Digest, Descriptor> {
  const sources = field(item, "LayerSources", what) ?? {};
  if (!isObject(sources)) throw invalid(what, '"LayerSources" is not a map');
  const known = Object.entries(sources).filter((one): one is [Digest, unknown] => isDigest(one[0]));
  return new Map(
    known.map(([diffID, one]) => [diffID, parseDescriptor(one, `layer source ${diffID} of ${what}`)]),
  );
}

/** A field of an object. Docker does not mind capital letters, and jib writes none. */
function field(item: JsonObject, name: string, what: string): unknown {
  const keys = Object.keys(item).filter((key) => key.toLowerCase() === name.toLowerCase());
  if (keys.length > 1) throw invalid(what, `both ${keys.map((key) => JSON.stringify(key)).join(" and ")}`);
  return keys[0] === undefined ? undefined : item[keys[0]];
}

function invalid(what: string, problem: string): GantryError {
  return new GantryError("invalid-document", `parse ${what}: ${problem}`);
}

function tooLarge(what: string, problem: string): GantryError {
  return new GantryError("too-large", `parse ${what}: ${problem}`);
}
