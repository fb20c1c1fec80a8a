import { utf8 } from "../bytes.ts";
import type { JsonObject } from "../spec/json.ts";
import { parseConfigDocument } from "./config_document.ts";
import { setMember } from "./edit_json.ts";

/** What an entry is given: fields to set, and, by undefined, to remove. */
export type EntryFields = Record<string, string | undefined>;

/** A new config, in which Docker's indentation can be seen. */
const empty = '{\n\t"auths": {}\n}';

/**
 * Changes entries of `auths` in the text of a config, and nothing else: all other bytes stay as they are. An entry that
 * becomes undefined is removed; of others, the fields that are not named stay.
 *
 * @throws {GantryError} `invalid-document` for what is no such document.
 */
export function editEntries(
  text: string,
  entries: Record<string, EntryFields | undefined>,
  what: string,
): string {
  const { auths } = parseConfigDocument(utf8(text), what);
  const mark = text.startsWith("\ufeff") ? "\ufeff" : "";
  let edited = text.slice(mark.length);
  if (/^\s*(?:\{\s*\})?\s*$/.test(edited)) edited = empty;
  const { name, value } = authsIn(edited);
  if (typeof value !== "object" || value === null) edited = setMember(edited, [name], {});
  for (const [key, fields] of Object.entries(entries)) {
    const there = Object.hasOwn(auths, key) ? auths[key] : undefined;
    if (!fields) edited = setMember(edited, [name, key], undefined);
    else if (typeof there !== "object" || there === null || Array.isArray(there)) {
      const entry = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
      edited = setMember(edited, [name, key], entry);
    } else {
      for (const [field, value] of Object.entries(fields)) {
        edited = setMember(edited, [name, key, field], value);
      }
    }
  }
  return mark + edited;
}

/** Docker and podman take the field in any case. */
function authsIn(text: string): { name: string; value: unknown } {
  const object = JSON.parse(text) as JsonObject;
  const names = Object.keys(object);
  const name = names.includes("auths")
    ? "auths"
    : names.find((name) => name.toLowerCase() === "auths") ?? "auths";
  return { name, value: object[name] };
}
