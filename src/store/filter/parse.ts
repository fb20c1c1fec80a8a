import { bad } from "../labels.ts";
import { goPattern } from "./pattern.ts";
import { Scanner, type Token } from "./scanner.ts";
import type { Operator, Selector } from "./selector.ts";
import { unquote } from "./unquote.ts";

const operators: readonly string[] = ["==", "!=", "~="] satisfies Operator[];

/**
 * Parses a filter as containerd writes it, such as `name~=alpine,labels.env==prod`: all selectors must hold.
 *
 * @throws {GantryError} `invalid-argument`, with the place that is wrong.
 */
export function parseFilter(text: string): Selector[] {
  return text === "" ? [] : new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #scanner: Scanner;

  constructor(text: string) {
    this.#text = text;
    this.#scanner = new Scanner(text);
  }

  parse(): Selector[] {
    const selectors = [this.#selector()];
    while (this.#scanner.peek() === ",") {
      this.#scanner.next();
      selectors.push(this.#selector());
    }
    if (this.#scanner.peek() !== "") this.#fail(this.#scanner.at, "expected a comma or the end");
    return selectors;
  }

  #selector(): Selector {
    const path = [this.#field()];
    while (this.#scanner.peek() === ".") {
      this.#scanner.next();
      path.push(this.#field());
    }
    const next = this.#scanner.peek();
    if (next === "," || next === "") return { path, operator: "present", value: "" };
    const operator = this.#operator();
    const at = this.#scanner.at;
    const value = this.#value(operator);
    return operator === "~=" ? { path, operator, value, pattern: this.#pattern(value, at) } : {
      path,
      operator,
      value,
    };
  }

  #field(): string {
    const token = this.#scanner.next();
    if (token.kind === "Field") return token.text;
    return this.#unquoted(token, `"`, "expected a field");
  }

  #operator(): Operator {
    const { kind, at, text, problem } = this.#scanner.next();
    if (kind === "Operator" && operators.includes(text)) return text as Operator;
    this.#fail(at, problem ?? "expected ==, != or ~=");
  }

  #value(operator: Operator): string {
    const token = this.#scanner.next();
    if (token.kind === "Value" || token.kind === "Field") return token.text;
    return this.#unquoted(token, operator === "~=" ? `"/|` : `"`, "expected a value");
  }

  #unquoted({ kind, at, text, problem }: Token, quotes: string, expected: string): string {
    if (kind !== "Quoted") this.#fail(at, problem ?? expected);
    if (!quotes.includes(text.charAt(0))) this.#fail(at, `${text.charAt(0)} quotes only what follows ~=`);
    return unquote(text) ?? this.#fail(at, "an escape is of no character");
  }

  #pattern(value: string, at: number): RegExp {
    try {
      return goPattern(value);
    } catch (cause) {
      this.#fail(at, `no regular expression: ${(cause as Error).message}`);
    }
  }

  #fail(at: number, problem: string): never {
    const [before, character, after] = [
      this.#text.slice(0, at),
      this.#text.slice(at, at + 1),
      this.#text.slice(at + 1),
    ];
    const shown = character === "" ? `[${before}]` : `[${before} >|${character}|< ${after}]`;
    throw bad(`parse filter ${shown.replaceAll("\0", "\\0").slice(0, 2000)}`, `${problem}, at ${at}`);
  }
}
