import { GantryError } from "../errors.ts";

/** An object that was read from a file: gives its fields, and errors that name the file and the field. */
export class Fields {
  /** The file, and where in it this is: `read hosts.json: docker.io`. */
  readonly where: string;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws {GantryError} `invalid-document` for what is no object, as are all methods for what is of another type. */
  constructor(value: unknown, where: string) {
    this.where = where;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.invalid("it is no table");
    }
    this.#values = value as Record<string, unknown>;
  }

  get names(): string[] {
    return Object.keys(this.#values);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** Refuses names that are not in the list: they may be misspelt. */
  only(...known: string[]): void {
    const other = this.names.find((name) => !known.includes(name));
    if (other === undefined) return;
    throw this.invalid(`${JSON.stringify(other)} is unknown; there are ${known.join(", ")}`);
  }

  string(name: string): string | undefined {
    return this.#typed(name, "a string", (value) => typeof value === "string") as string | undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, "true or false", (value) => typeof value === "boolean") as boolean | undefined;
  }

  /** A string or a list of strings, as a list. */
  strings(name: string): string[] | undefined {
    const value = this.#typed(
      name,
      "a string or a list of strings",
      (value) => [value].flat().every(isString),
    );
    return value === undefined ? undefined : [value].flat() as string[];
  }

  /** Whatever it is. */
  value(name: string): unknown {
    return this.has(name) ? this.#values[name] : undefined;
  }

  table(name: string): Fields | undefined {
    return this.has(name) ? new Fields(this.#values[name], `${this.where}: ${name}`) : undefined;
  }

  tables(name: string): Fields[] {
    const list = this.#typed(name, "a list", Array.isArray) as unknown[] | undefined;
    return (list ?? []).map((value, i) => new Fields(value, `${this.where}: ${name} ${i + 1}`));
  }

  /** An error about this object. */
  invalid(why: string): GantryError {
    return new GantryError("invalid-document", `${this.where}: ${why}`);
  }

  #typed(name: string, type: string, is: (value: unknown) => boolean): unknown {
    const value = this.value(name);
    if (value !== undefined && !is(value)) throw this.invalid(`${name} is not ${type}`);
    return value;
  }
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
