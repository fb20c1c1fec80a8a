import { GantryError } from "../errors.ts";

/** The result of work that looks for something; undefined where the work throws `not-found`. */
export async function ifFound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (GantryError.is(error, "not-found")) return undefined;
    throw error;
  }
}
