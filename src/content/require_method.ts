import { GantryError } from "../errors.ts";
import type { Source, Target } from "./contracts.ts";

/** The methods that not every place has. */
export type OptionalMethod<T extends Source> = Exclude<
  { [Name in keyof T]-?: undefined extends T[Name] ? Name : never }[keyof T],
  "complete" | "ordered"
>;

/**
 * A method that not every place has, bound to the place.
 *
 * @throws {GantryError} `unsupported` where the place does not have it; `action` tells what was to be done with it.
 *
 * @example
 * ```ts
 * import { memory, requireMethod, type Target } from "@gantry/oci/content";
 *
 * const target: Target = memory();
 * for await (const name of requireMethod(target, "names", "list the names")()) console.log(name);
 * ```
 */
export function requireMethod<T extends Source | Target, Name extends OptionalMethod<T>>(
  place: T,
  name: Name,
  action: string = String(name),
): NonNullable<T[Name]> {
  const method = place[name];
  if (typeof method === "function") return method.bind(place);
  throw new GantryError("unsupported", `${action}: this kind of place cannot do that`);
}
