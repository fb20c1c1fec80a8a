import { registryScheme } from "./registry.ts";
import type { Place } from "./scheme.ts";

/** No prefix has a dot, so what has one before its first colon and slash begins with the name of a registry. */
const withRegistry = /^[^/:]*\.[^/]*\//;

/**
 * The place that a string names, as `parsePlace` gives it; but where that can only be a reference, no other kinds are
 * loaded.
 *
 * @throws {GantryError} What `parsePlace` throws.
 */
export async function loadPlace(text: string): Promise<Place> {
  if (withRegistry.test(text)) return registryScheme.parse(text, text);
  const { parsePlace } = await import("./schemes.ts");
  return parsePlace(text);
}
