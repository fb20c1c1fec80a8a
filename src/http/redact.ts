/** A text from elsewhere made safe for a message: without control characters, values of queries, tokens and passwords, and short. */
export function redact(text: string): string {
  return text
    .replace(/((?:[?&;][\w.%-]+|\b\w*(?:token|password|secret|signature))=)[^&\s"'<>)]*/gi, "$1…")
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, "$1 …")
    .replace(/\/\/[^/@\s]*@/g, "//")
    // deno-lint-ignore no-control-regex -- they would change the terminal
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim()
    .replace(/^(.{300}).+$/u, "$1…");
}
