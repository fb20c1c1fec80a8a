/** How a selector compares. */
export type Operator = "==" | "!=" | "~=";

/** One condition of a filter: a field, and what it must be. */
export interface Selector {
  /** The field, a part at a time. */
  readonly path: readonly string[];
  /** Without a comparison the field must be there. */
  readonly operator: Operator | "present";
  /** What it is compared with. */
  readonly value: string;
  /** The same as a regular expression, for `~=`. */
  readonly pattern?: RegExp;
}

/** The fields of something, as filters see them: the text at a path, if it is there. */
export type Fields<T> = (from: T, path: readonly string[]) => string | undefined;

/** Whether the condition holds. */
export function selects<T>(
  { path, operator, value, pattern }: Selector,
  from: T,
  fields: Fields<T>,
): boolean {
  const found = fields(from, path);
  switch (operator) {
    case "present":
      return found !== undefined;
    case "==":
      return found === value;
    case "!=":
      return found !== value;
    case "~=":
      return pattern!.test(found ?? "");
  }
}
