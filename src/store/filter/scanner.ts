/** What a filter's text is made of. */
export type TokenKind = "Field" | "Value" | "Quoted" | "Separator" | "Operator" | "Illegal" | "EOF";

/** A piece of a filter's text. */
export interface Token {
  readonly kind: TokenKind;
  /** Where it begins, in UTF-16 units. */
  readonly at: number;
  /** What it says. */
  readonly text: string;
  /** What is wrong with it, if it is illegal. */
  readonly problem?: string;
}

const spaces = /\s*/y;
const fields = /[A-Za-z0-9_]+/y;
const operators = /[=!~]+/y;
// A lone surrogate is no character.
const values = /[^,\s\p{C}]+/uy;
const escapes = /\\(?:[abfnrtv\\]|[0-7]{3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})/y;

/** Cuts a filter's text into pieces; what a piece is depends on what came before it. */
export class Scanner {
  readonly #text: string;
  #at = 0;
  /** Whether a value comes next: behind an operator. */
  #value = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the next character is. */
  get at(): number {
    return this.#at;
  }

  /** The next character, "" at the end. */
  peek(): string {
    return this.#text.charAt(this.#at);
  }

  /** The next piece; spaces before it are skipped. */
  next(): Token {
    this.#match(spaces);
    const at = this.#at;
    const first = this.peek();
    if (first === "") return { kind: "EOF", at, text: "" };
    if (first === "\0") return this.#illegal(at, at + 1, "unexpected null", "");
    if (`"/|`.includes(first)) return this.#quoted(first);
    if (".,".includes(first)) {
      this.#at++;
      this.#value = false;
      return { kind: "Separator", at, text: first };
    }
    const operator = this.#match(operators);
    if (operator) {
      this.#value = true;
      return { kind: "Operator", at, text: operator };
    }
    const [kind, text] = this.#value
      ? ["Value", this.#match(values)] as const
      : ["Field", this.#match(fields)] as const;
    this.#value = false;
    return text ? { kind, at, text } : this.#illegal(at, at + 1, "unexpected character");
  }

  #quoted(quote: string): Token {
    const at = this.#at++;
    let legal = true;
    for (let next = this.peek(); next !== quote; next = this.peek()) {
      if (next === "" || next === "\n" || next === "\0") {
        return this.#illegal(at, this.#at, "quoted literal not terminated");
      }
      if (next !== "\\") this.#at++;
      else if (this.#text.charAt(this.#at + 1) === quote) this.#at += 2;
      else if (!this.#match(escapes)) {
        legal = false;
        this.#at++;
      }
    }
    this.#at++;
    const text = this.#text.slice(at, this.#at);
    return legal ? { kind: "Quoted", at, text } : this.#illegal(at, this.#at, "illegal escape sequence");
  }

  #illegal(at: number, end: number, problem: string, text = this.#text.slice(at, end)): Token {
    this.#at = end;
    return { kind: "Illegal", at, text, problem };
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ""] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}
