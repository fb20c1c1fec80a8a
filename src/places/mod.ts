/**
 * Places: where images are, as strings that skopeo's users know, and what is done with them.
 *
 * @module
 */

export { copy, type CopyOptions, type To } from "./copy.ts";
export { layerOf, type LayerOfOptions, type LayerSource } from "./layer_of.ts";
export { type From, image, type ImageOptions, openPlace } from "./open.ts";
export { place, type PlaceOptions, type SourcePlace, sourcePlace, type TargetPlace } from "./place.ts";
export type { SourceOptions } from "./scheme.ts";
