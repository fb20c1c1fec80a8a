/**
 * The regular expression that Go's syntax means, as far as JavaScript has the same: https://pkg.go.dev/regexp/syntax.
 *
 * @throws {SyntaxError} For what neither has, or JavaScript has not.
 */
export function goPattern(source: string): RegExp {
  const [flagged = "", letters = ""] = /^\(\?([ims]+)\)/.exec(source) ?? [];
  const translated = source.slice(flagged.length).replace(pieces, (piece) => {
    if (piece === "(?P<") return "(?<";
    const ends = { "\\A": "(?<![\\s\\S])", "\\z": "(?![\\s\\S])" }[piece];
    if (ends !== undefined) return ends;
    const [, not, name = ""] = /^\[:(\^?)(\w+):\]$/.exec(piece) ?? [];
    const set = Object.hasOwn(posix, name) ? posix[name]! : undefined;
    if (not === undefined || set === undefined) return piece;
    return not === "" ? set : piece;
  });
  const flags = new Set(letters);
  try {
    return new RegExp(translated, [...flags, "u"].join(""));
  } catch {
    return new RegExp(translated, [...flags].join("")); // `\-` and `\/` are escapes of nothing, which Go takes
  }
}

const pieces = /\\[\s\S]|\(\?P<|\[:\^?\w+:\]/g;

const posix: Record<string, string> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};
