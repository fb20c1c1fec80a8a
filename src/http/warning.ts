/**
 * The texts of `Warning: 299 - "text"` headers. Malformed ones and those with control characters are left out, since they
 * are to be shown. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#warnings
 */
export function warningsIn(headers: Headers): string[] {
  const header = headers.get("warning") ?? "";
  if (!/^(?:\s*299 - "(?:[^"\\]|\\.)*"\s*(?:,|$))+$/s.test(header)) return [];
  return [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/gs)]
    .map(([, quoted]) => textOf(quoted!))
    .filter((text) => text !== "");
}

function textOf(quoted: string): string {
  const plain = quoted.replace(/\\(.)/gs, "$1").replace(
    /%([0-9a-f]{2})/gi,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  // deno-lint-ignore no-control-regex -- they have no place in a line
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(plain) || /%22/.test(quoted)) return "";
  return fromUtf8(plain);
}

/** `fetch` gives each byte of a header as one character. */
function fromUtf8(text: string): string {
  try {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return text;
  }
}
