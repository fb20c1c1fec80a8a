import type { Bytes } from "../bytes.ts";
import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of a name's bytes. Names are bytes and need not be UTF-8: a byte that is not part of a character becomes a
 * lone surrogate, U+DC80 to U+DCFF, so that different names stay different and {@link encodeName} gives the same bytes.
 *
 * @example
 * ```ts
 * import { decodeName, encodeName } from "@gantry/oci/tar";
 *
 * const latin1 = new Uint8Array([0x66, 0xfc, 0x72]);
 * console.log(encodeName(decodeName(latin1))); // the same three bytes
 * ```
 */
export function decodeName(bytes: Uint8Array): string {
  if (bytes.length <= 24 && isAscii(bytes)) {
    return String.fromCharCode.apply(null, bytes as unknown as number[]); // faster than a decoder while it is short
  }
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaping(bytes);
  }
}

/**
 * The bytes of a name: UTF-8, with the bytes that {@link decodeName} kept in lone surrogates put back.
 *
 * @throws {GantryError} `invalid-name` when another lone surrogate is in it.
 */
export function encodeName(name: string): Bytes {
  if (name.isWellFormed()) return utf8(name);
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else if (code >= 0xd800 && code <= 0xdfff) {
      throw new GantryError("invalid-name", `encode name ${JSON.stringify(name)}: holds half a character`);
    } else bytes.push(...utf8(character));
  }
  return new Uint8Array(bytes);
}

/** Whether every byte is a character of its own. */
export function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return false;
  return true;
}

/** Whether the bytes are well-formed UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  return isAscii(bytes) || decodeName(bytes).isWellFormed();
}

function decodeEscaping(bytes: Uint8Array): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      parts.push(strict.decode(bytes.subarray(from, at)), String.fromCharCode(0xdc00 + bytes[at]!));
      from = ++at;
    } else at += length;
  }
  parts.push(strict.decode(bytes.subarray(from)));
  return parts.join("");
}

/** The length of the well-formed UTF-8 sequence that begins here, or 0 (Unicode 16, table 3-7). */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead >= 0xc2 && lead <= 0xdf
    ? 2
    : lead >= 0xe0 && lead <= 0xef
    ? 3
    : lead >= 0xf0 && lead <= 0xf4
    ? 4
    : 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined || byte < (i === 1 ? low : 0x80) || byte > (i === 1 ? high : 0xbf)) return 0;
  }
  return length;
}
