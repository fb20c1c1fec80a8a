import { parse } from "smol-toml";
import { GantryError } from "../errors.ts";
import { Fields } from "./fields.ts";

/**
 * Reads TOML.
 *
 * @throws {GantryError} `invalid-document`, with the line.
 */
export function parseToml(text: string, path: string): Fields {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const { message, line, column } = error as Error & { line?: number; column?: number };
    const [first = ""] = message.replace(/^Invalid TOML document: /, "").split("\n");
    throw new GantryError("invalid-document", `read ${path}: line ${line}, column ${column}: ${first}`);
  }
  return new Fields(value, `read ${path}`);
}
