/**
 * Strict JSON that keeps what it read: the order of keys, unknown fields, and numbers of any size.
 *
 * @module
 */

import { type Bytes, text, utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** A parsed JSON object. */
export type JsonObject = Record<string, unknown>;

/** Bounds on what is parsed. */
export interface JsonLimits {
  /** Most bytes. Default: 8 MiB. */
  bytes?: number;
  /** Deepest nesting of arrays and objects. Default: 128. */
  depth?: number;
}

/** What JavaScript engines have and TypeScript's library does not know yet. */
interface RawJson {
  rawJSON?(text: string): object;
  isRawJSON?(value: unknown): value is { rawJSON: string };
}

// JavaScript moves keys such as "8080" to the front of an object; where that changed the order, it is kept here. An
// enumerable symbol survives `{ ...object }`, which is how documents are edited.
const order: unique symbol = Symbol("order of keys");
const integerKey = /^(?:0|[1-9]\d*)$/;

/**
 * Parses a JSON document: UTF-8, a byte order mark tolerated, nothing behind the value, no key twice in an object. A
 * number that JavaScript cannot hold exactly becomes a `JSON.rawJSON` object with its text.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} `invalid-document`, or `too-large` when a limit is exceeded.
 *
 * @example
 * ```ts
 * import { formatJson, parseJson } from "@gantry/oci/spec";
 *
 * const value = parseJson(new TextEncoder().encode('{ "b": 1, "a": 12345678901234567890 }'), "example");
 * new TextDecoder().decode(formatJson(value)); // '{"b":1,"a":12345678901234567890}'
 * ```
 */
export function parseJson(bytes: Uint8Array, what: string, limits: JsonLimits = {}): unknown {
  const most = limits.bytes ?? 8 * 1024 * 1024;
  if (bytes.byteLength > most) {
    throw new GantryError("too-large", `parse ${what}: ${bytes.byteLength} bytes, the limit is ${most}`);
  }
  return new Parser(text(bytes, what), what, limits.depth ?? 128).document();
}

/** Writes JSON without spaces, keys in the order they stand in, numbers that {@link parseJson} kept as text as they were. */
export function formatJson(value: unknown): Bytes {
  return utf8(format(value) ?? "null");
}

function format(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || (JSON as RawJson).isRawJSON?.(value)) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => format(item) ?? "null").join()}]`;
  const members = keysOf(value).flatMap((key) => {
    const member = format((value as JsonObject)[key]);
    return member === undefined ? [] : [`${JSON.stringify(key)}:${member}`];
  });
  return `{${members.join()}}`;
}

function keysOf(object: object): string[] {
  const kept = (object as { [order]?: string[] })[order];
  if (!kept) return Object.keys(object);
  return [...new Set([...kept.filter((key) => Object.hasOwn(object, key)), ...Object.keys(object)])];
}

class Parser {
  private at = 0;
  private readonly source: string;
  private readonly what: string;
  private readonly depth: number;

  constructor(source: string, what: string, depth: number) {
    this.source = source;
    this.what = what;
    this.depth = depth;
    if (source.charCodeAt(0) === 0xfeff) this.at = 1;
  }

  document(): unknown {
    const value = this.value(this.depth);
    this.space();
    if (this.at < this.source.length) this.fail();
    return value;
  }

  private value(depth: number): unknown {
    this.space();
    switch (this.source[this.at]) {
      case "{":
        return this.object(depth - 1);
      case "[":
        return this.array(depth - 1);
      case '"':
        return this.string();
    }
    const [word] = this.match(/true|false|null/y) ?? [];
    return word === undefined ? this.number() : JSON.parse(word);
  }

  private object(depth: number): JsonObject {
    const object: JsonObject = {};
    const keys: string[] = [];
    this.items("}", depth, () => {
      this.space();
      const from = this.at;
      const key = this.source[from] === '"' ? this.string() : this.fail();
      if (Object.hasOwn(object, key)) this.fail(`key ${quote(key)} for the second time`, from);
      this.space();
      if (this.source[this.at] !== ":") this.fail();
      this.at++;
      define(object, key, this.value(depth));
      keys.push(key);
    });
    if (keys.some((key) => integerKey.test(key)) && Object.keys(object).some((key, i) => key !== keys[i])) {
      Object.assign(object, { [order]: keys });
    }
    return object;
  }

  private array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.items("]", depth, () => array.push(this.value(depth)));
    return array;
  }

  private items(end: string, depth: number, item: () => void): void {
    if (depth < 0) {
      throw new GantryError("too-large", `parse ${this.what}: nested more than ${this.depth} levels deep`);
    }
    this.at++;
    this.space();
    if (this.source[this.at] === end) return void this.at++;
    for (;;) {
      item();
      this.space();
      const next = this.source[this.at];
      if (next !== "," && next !== end) this.fail();
      this.at++;
      if (next === end) return;
    }
  }

  private string(): string {
    const from = this.at;
    let at = from + 1;
    for (let code = 0; (code = this.source.charCodeAt(at)) !== 0x22;) {
      // Control characters are forbidden; behind the end it is NaN.
      if (!(code >= 0x20)) this.fail(undefined, Math.min(at, this.source.length));
      at += code === 0x5c ? 2 : 1;
    }
    this.at = at + 1;
    const literal = this.source.slice(from, this.at);
    try {
      return literal.includes("\\") ? JSON.parse(literal) : literal.slice(1, -1);
    } catch {
      return this.fail("bad escape in the string", from);
    }
  }

  private number(): unknown {
    const [literal] = this.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y) ?? this.fail();
    const number = Number(literal);
    if (String(number) === literal || decimal(String(number)) === decimal(literal)) return number;
    return (JSON as RawJson).rawJSON?.(literal) ??
      this.fail(`number ${quote(literal)} cannot be kept exactly`);
  }

  private space(): void {
    this.match(/[ \t\r\n]*/y);
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.source);
    if (match) this.at = pattern.lastIndex;
    return match;
  }

  private fail(problem?: string, at: number = this.at): never {
    const found = at < this.source.length ? `unexpected ${quote(this.source[at]!)}` : "unexpected end";
    throw new GantryError("invalid-document", `parse ${this.what}: ${problem ?? found} at character ${at}`);
  }
}

/** Sets a member; a plain assignment to "__proto__" would set the prototype instead. */
function define(object: JsonObject, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
}

/** One spelling for each decimal value: sign, digits without zeros at either end, exponent. Only for short literals. */
function decimal(literal: string): string {
  const match = literal.length < 64 && /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(literal);
  if (!match) return literal;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  const shift = Number(exponent) - fraction.length + digits.length - significant.length;
  return significant === "" ? `${sign}0` : `${sign}${significant}e${shift}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
