import type { Target } from "../content/contracts.ts";
import { type OptionalMethod, requireMethod } from "../content/require_method.ts";
import { GantryError } from "../errors.ts";
import { httpError } from "./http_error.ts";

/**
 * A method that not every target has, bound to the target.
 *
 * @throws {HttpError} 405 where the target does not have it; `action` names what the client wanted.
 */
export function targetMethod<Name extends OptionalMethod<Target>>(
  target: Target,
  name: Name,
  action: string,
): NonNullable<Target[Name]> {
  try {
    return requireMethod(target, name, action);
  } catch (error) {
    throw GantryError.is(error, "unsupported") ? cannot(action) : error;
  }
}

/** The error for what a repository or registry cannot do. */
export function cannot(action: string): Error {
  return httpError(405, "UNSUPPORTED", `this repository cannot ${action}`);
}
