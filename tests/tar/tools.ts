/** What several tar tests need. */

import assert from "node:assert/strict";
import type { Bytes } from "../../src/bytes.ts";
import { concat, readAll } from "../../src/bytes.ts";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import type { ReadTarOptions, TarEntry, TarItem } from "../../src/tar/mod.ts";
import { readTar, writeTar } from "../../src/tar/mod.ts";

/** A stream of these bytes, in chunks of this size. */
export function chunked(bytes: Uint8Array, size = 65536): ReadableStream<Bytes> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += size));
    },
  }, { highWaterMark: 0 });
}

export function all(stream: ReadableStream<Bytes>): Promise<Bytes> {
  return readAll(stream, { limit: 1 << 28, what: "stream" });
}

/** The entries of a tar, their content read. */
export async function entriesOf(
  bytes: Uint8Array,
  options?: ReadTarOptions & { chunk?: number },
): Promise<{ entry: TarEntry; content: Bytes }[]> {
  const found: { entry: TarEntry; content: Bytes }[] = [];
  for await (const entry of readTar(chunked(bytes, options?.chunk), options)) {
    found.push({ entry, content: await all(entry.readable) });
  }
  return found;
}

export async function first(bytes: Uint8Array): Promise<{ entry: TarEntry; content: Bytes }> {
  return (await entriesOf(bytes))[0]!;
}

export async function pathsOf(
  bytes: Uint8Array,
  options?: ReadTarOptions & { chunk?: number },
): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of readTar(chunked(bytes, options?.chunk), options)) paths.push(entry.path);
  return paths;
}

export function written(items: Iterable<TarItem> | AsyncIterable<TarItem>): Promise<Bytes> {
  return all(writeTar(items));
}

/** A file item. */
export function file(path: string, content: string | Uint8Array, options?: TarItem["options"]): TarItem {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { type: "file", path, size: bytes.length, readable: chunked(bytes), options };
}

/** A raw header block, its fields given as text or bytes, with a right checksum. */
export function block(fields: {
  name?: string | Uint8Array;
  mode?: string;
  uid?: string | Uint8Array;
  size?: number | string | Uint8Array;
  mtime?: string | Uint8Array;
  flag?: string;
  linkname?: string;
  magic?: string;
  at?: Record<number, string | Uint8Array>;
}): Bytes {
  const header = new Uint8Array(512);
  const put = (at: number, value: string | Uint8Array) =>
    header.set(typeof value === "string" ? latin1(value) : value, at);
  put(0, fields.name ?? "");
  put(100, fields.mode ?? "0000644\0");
  put(108, fields.uid ?? "0000000\0");
  put(116, "0000000\0");
  put(
    124,
    typeof fields.size === "number" ? `${fields.size.toString(8).padStart(11, "0")}\0` : fields.size ?? "",
  );
  put(136, fields.mtime ?? "00000000000\0");
  put(156, fields.flag ?? "0");
  put(157, fields.linkname ?? "");
  put(257, fields.magic ?? "ustar\x0000");
  for (const [at, value] of Object.entries(fields.at ?? {})) put(Number(at), value);
  put(148, "        ");
  put(148, `${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** Content padded to blocks. */
export function padded(content: string | Uint8Array): Bytes {
  const bytes = typeof content === "string" ? latin1(content) : content;
  return concat([bytes, new Uint8Array((512 - bytes.length % 512) % 512)]);
}

/** A header with its content. */
export function raw(fields: Parameters<typeof block>[0], content: string | Uint8Array = ""): Bytes {
  return concat([block({ size: content.length, ...fields }), padded(content)]);
}

/** PAX records, their lengths right. */
export function pax(records: Record<string, string> | [string, string][], flag = "x"): Bytes {
  const body = (Array.isArray(records) ? records : Object.entries(records)).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length;
    while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
    return `${length}${rest}`;
  }).join("");
  return raw({ name: "PaxHeaders/x", flag }, body);
}

/** The two blocks of zeros at the end. */
export const end: Bytes = new Uint8Array(1024);

export function latin1(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Names that one system or another takes for the same, or for something else, sorted by their bytes. */
export const alike: readonly string[] = [
  "AUX.txt",
  "CON",
  "FOO",
  "Foo",
  "SS",
  "a",
  "a ",
  "a.",
  "a:b",
  "a\\b",
  "aux.txt",
  "con",
  "e\u0301",
  "foo",
  "k",
  "ss",
  "\u00df",
  "\u00e9",
  "\u212a",
];

/** Reading these parts fails, however they are cut. */
export async function refuses(
  parts: readonly Uint8Array[],
  message: RegExp,
  code: ErrorCode = "invalid-archive",
  options?: ReadTarOptions,
): Promise<void> {
  for (const chunk of [1 << 20, 333]) {
    await assert.rejects(
      pathsOf(concat(parts), { ...options, chunk }),
      (error) => GantryError.is(error, code) && message.test(error.message),
      `${message}`,
    );
  }
}
