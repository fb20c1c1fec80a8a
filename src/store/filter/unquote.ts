import { concat, utf8 } from "../../bytes.ts";

const letters: Record<string, string> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const pieces = /\\(?:([0-7]{3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))|[^\\]+/gsu;

/** What stands between quotes, or nothing when an escape is of no byte or character; the scanner has seen the rest. */
export function unquote(quoted: string): string | undefined {
  const bytes: Uint8Array[] = [];
  for (const [all, octal, hex, short, long, letter] of quoted.slice(1, -1).matchAll(pieces)) {
    const byte = octal !== undefined ? parseInt(octal, 8) : hex !== undefined ? parseInt(hex, 16) : undefined;
    const point = parseInt(short ?? long ?? "", 16);
    if (byte !== undefined) {
      if (byte > 0xff) return undefined;
      bytes.push(Uint8Array.of(byte)); // several may make one character
    } else if (!Number.isNaN(point)) {
      if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
      bytes.push(utf8(String.fromCodePoint(point)));
    } else bytes.push(utf8(letter === undefined ? all : letters[letter] ?? letter));
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(concat(bytes));
}

/** A text in double quotes, as filters take it. */
export function quote(text: string): string {
  const safe = text.replace(/["\\]/g, "\\$&");
  // deno-lint-ignore no-control-regex -- they are what is escaped
  return `"${safe.replace(/[\0-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}
