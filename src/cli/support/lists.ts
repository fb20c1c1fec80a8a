import { InvalidArgumentError } from "commander";

/** Adds what one more use of an option gives: values with commas between them, quoted where they have some in them. */
export function addValues(text: string, before: readonly string[] = []): string[] {
  return [...before, ...splitValues(text)];
}

/** Adds one more `NAME=VALUE`, which may be several with commas between them. */
export function addPairs(text: string, before: Record<string, string> = {}): Record<string, string> {
  return splitValues(text).reduce((pairs, pair) => addPair(pair, pairs), before);
}

/** Adds one `NAME=VALUE`, commas and all. */
export function addPair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`${JSON.stringify(text)} is not NAME=VALUE.`);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Adds one value as it is. */
export function addValue(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function splitValues(text: string): string[] {
  const values: string[] = [];
  const grammar = /("(?:[^"]|"")*"|[^,]*)(,|$)/y;
  for (;;) {
    const [, value, end] = grammar.exec(text) ?? [];
    if (value === undefined) throw new InvalidArgumentError(`${JSON.stringify(text)} has an open quote.`);
    values.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === "") return values;
  }
}
