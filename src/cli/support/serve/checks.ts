import { GantryError } from "../../../errors.ts";

/** Looks whether a value is what it must be; `where` names it in errors. */
export type Check = (value: unknown, where: string) => void;

export const text: Check = (value, where) =>
  requireKind(typeof value === "string" && value !== "", where, "a text");
export const flag: Check = (value, where) => requireKind(typeof value === "boolean", where, "true or false");
export const seconds: Check = (value, where) =>
  requireKind(typeof value === "number" && value >= 0, where, "a number of seconds");
/** More than nothing, and no more than so many. */
export const number = (most = Number.MAX_SAFE_INTEGER): Check => (value, where) =>
  requireKind(
    typeof value === "number" && value > 0 && value <= most,
    where,
    `a number above 0, up to ${most}`,
  );
/** A whole number, from so many on. */
export const count = (least: number): Check => (value, where) =>
  requireKind(
    Number.isSafeInteger(value) && (value as number) >= least,
    where,
    `a whole number, ${least} or more`,
  );
export const list = (item: Check): Check => (value, where) => {
  requireKind(Array.isArray(value), where, "a list");
  for (const [i, one] of (value as unknown[]).entries()) item(one, `${where}[${i}]`);
};
export const texts = list(text);
export const map: Check = (value, where) => {
  requireKind(isObject(value), where, "an object");
  for (const [name, one] of Object.entries(value as object)) text(one, `${where}.${name}`);
};
export const shape =
  (fields: Record<string, Check>, required: readonly string[] = []): Check => (value, where) => {
    requireKind(isObject(value), where, "an object");
    for (const [name, one] of Object.entries(value as object)) {
      if (!Object.hasOwn(fields, name)) {
        throw invalid(`${where}.${name} means nothing, there are ${Object.keys(fields).join(", ")}`);
      }
      fields[name]!(one, `${where}.${name}`);
    }
    for (const name of required) {
      requireKind(Object.hasOwn(value as object, name), `${where}.${name}`, "needed");
    }
  };

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {GantryError} where it is not so. */
export function requireKind(is: boolean, where: string, kind: string): void {
  if (!is) throw invalid(`${where} is not ${kind === "needed" ? "there, and it is needed" : kind}`);
}

/** The error for what is wrong in a configuration. */
export function invalid(reason: string): GantryError {
  return new GantryError("invalid-document", reason);
}
