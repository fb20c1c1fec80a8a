import { parseFilter } from "./parse.ts";
import { goPattern } from "./pattern.ts";
import { type Fields, type Operator, type Selector, selects } from "./selector.ts";
import { quote } from "./unquote.ts";

/** Conditions that must all hold. `String(filter)` is how containerd writes it. */
export class Filter {
  /** The conditions. */
  readonly selectors: readonly Selector[];

  /** For {@link where} and {@link Filter.and}. */
  constructor(selectors: readonly Selector[]) {
    this.selectors = selectors;
  }

  /** Both this and the other. */
  and(other: Filter): Filter {
    return new Filter([...this.selectors, ...other.selectors]);
  }

  /** The filter as containerd writes it. */
  toString(): string {
    return this.selectors.map(({ path, operator, value }) => {
      const field = path.map((one) => /^[A-Za-z0-9_]+$/.test(one) ? one : quote(one)).join(".");
      return operator === "present" ? field : `${field}${operator}${quote(value)}`;
    }).join(",");
  }
}

/** One filter, as text or made by {@link where}, or several, of which one must match. None match everything. */
export type FilterInput = string | Filter | readonly (string | Filter)[];

/** What is asked of a field. */
export interface FieldCondition {
  /** It is there. */
  present(): Filter;
  /** It is there and is this. */
  equals(value: string): Filter;
  /** It is something else, or is not there. */
  differs(value: string): Filter;
  /** A regular expression in Go's syntax is found in it. */
  matches(pattern: string): Filter;
}

/**
 * A condition on a field: its path, a part at a time, so that nothing needs quotes.
 *
 * @example
 * ```ts
 * import { where } from "@gantry/oci/store";
 *
 * const filter = where("labels", "acme.com/env").equals("prod").and(where("name").matches("alpine"));
 * console.log(String(filter)); // labels."acme.com/env"=="prod",name~="alpine"
 * ```
 */
export function where(...path: [string, ...string[]]): FieldCondition {
  const filter = (operator: Operator | "present", value = "", pattern?: RegExp) =>
    new Filter([{ path, operator, value, ...(pattern && { pattern }) }]);
  return {
    present: () => filter("present"),
    equals: (value) => filter("==", value),
    differs: (value) => filter("!=", value),
    matches: (pattern) => filter("~=", pattern, goPattern(pattern)),
  };
}

/** Filters that were parsed, of which one must match; everything does where there are none. */
export class ParsedFilters<T> {
  readonly #filters: readonly (readonly Selector[])[];
  readonly #needles: readonly (readonly string[])[];
  readonly #fields: Fields<T>;

  constructor(input: FilterInput, fields: Fields<T>) {
    const filters = typeof input === "string" || input instanceof Filter ? [input] : input;
    this.#filters = filters.map((one) => one instanceof Filter ? one.selectors : parseFilter(one));
    this.#needles = this.#filters.map((selectors) => selectors.flatMap(needleOf));
    this.#fields = fields;
  }

  /** Whether what JSON says may match: most that cannot need not be parsed. */
  mayMatch(json: string): boolean {
    return this.#needles.length === 0 ||
      this.#needles.some((needles) => needles.every((needle) => json.includes(needle)));
  }

  /** Whether it matches. */
  matches(from: T): boolean {
    return this.#filters.length === 0 ||
      this.#filters.some((selectors) => selectors.every((one) => selects(one, from, this.#fields)));
  }
}

/** What stands in the JSON of everything that such a condition on labels matches. */
function needleOf({ path, operator, value }: Selector): string[] {
  if (path[0] !== "labels" || path.length < 2) return [];
  if (operator === "==") return [JSON.stringify(value)];
  return operator === "present" ? [JSON.stringify(path.slice(1).join("."))] : [];
}

/** Whether one of the filters matches; everything does where there are none. */
export function anyFilter<T>(input: FilterInput, fields: Fields<T>): (from: T) => boolean {
  const parsed = new ParsedFilters(input, fields);
  return (from) => parsed.matches(from);
}
