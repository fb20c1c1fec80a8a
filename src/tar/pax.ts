import type { Bytes } from "../bytes.ts";
import { concat, utf8 } from "../bytes.ts";
import { decodeName, encodeName } from "./names.ts";

/** PAX records by key, their values as the bytes they are. An empty value means: as if there were no record. */
export type PaxRecords = ReadonlyMap<string, Bytes>;

/** A point in time, exact. */
export interface TarTime {
  /** Whole seconds since 1970, rounded down: negative before. */
  readonly seconds: number;
  /** And nanoseconds, 0 to 999,999,999. */
  readonly nanoseconds: number;
}

/** Ends the reading with a reason. */
export type Fail = (reason: string) => never;

/** The records of a PAX header's body. Those of GNU's sparse format 0.0 become the one of format 0.1. */
export function parsePax(body: Bytes, fail: Fail): Map<string, Bytes> {
  const records = new Map<string, Bytes>();
  const sparse: Bytes[] = [];
  for (let at = 0; at < body.length;) {
    const record = parsePaxRecord(body, at, fail);
    at = record.end;
    const half = ["GNU.sparse.offset", "GNU.sparse.numbytes"].indexOf(record.key);
    if (half < 0) records.set(record.key, record.value);
    else if (half === sparse.length % 2 && !record.value.includes(0x2c)) sparse.push(record.value);
    else fail(`PAX record ${quote(record.key)} is out of order`);
  }
  if (sparse.length > 0) {
    records.set("GNU.sparse.map", concat(sparse.flatMap((value, i) => i === 0 ? [value] : [comma, value])));
  }
  return records;
}

/** The record that begins at `at`: `LENGTH KEY=VALUE\n`, where the length counts all of it. */
export function parsePaxRecord(
  body: Bytes,
  at: number,
  fail: Fail,
): { key: string; value: Bytes; end: number } {
  const space = body.indexOf(0x20, at);
  const length = space < 0 || space - at > 10 ? undefined : decimal(body.subarray(at, space));
  if (length === undefined) return fail("PAX record does not begin with its length");
  const end = at + length;
  if (end > body.length || end <= space) return fail(`PAX record of ${length} bytes does not fit its header`);
  if (body[end - 1] !== 0x0a) return fail("PAX record does not end in a newline");
  const equals = body.indexOf(0x3d, space);
  if (equals < 0 || equals >= end) return fail("PAX record has no =");
  const key = decodeName(body.subarray(space + 1, equals));
  const value = body.slice(equals + 1, end - 1);
  if (key === "" || key.includes("\0")) return fail("PAX record without a proper key");
  // https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html; node-tar@7a635c2 on what a NUL can hide.
  if (noNul.has(key) && value.includes(0)) return fail(`PAX record ${quote(key)} holds a NUL`);
  return { key, value, end };
}

/** A record's bytes. */
export function formatPaxRecord(key: string, value: Uint8Array): Bytes {
  const rest = concat([space, encodeName(key), equals, value, newline]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return concat([utf8(String(length)), rest]);
}

/** A record's time; `undefined` when it is none. Digits beyond nanoseconds are cut off. */
export function parsePaxTime(value: Bytes): TarTime | undefined {
  const match = value.length > 64 ? null : /^(-?)(\d+)(?:\.(\d*))?$/.exec(decodeName(value));
  if (!match) return undefined;
  const seconds = Number(match[2]);
  const nanoseconds = Number((match[3] ?? "").slice(0, 9).padEnd(9, "0"));
  if (!Number.isSafeInteger(seconds)) return undefined;
  if (match[1] === "") return { seconds, nanoseconds };
  if (nanoseconds === 0) return { seconds: seconds === 0 ? 0 : -seconds, nanoseconds };
  return { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** The shortest text of a time. */
export function formatPaxTime({ seconds, nanoseconds }: TarTime): string {
  const minus = seconds < 0;
  const whole = minus && nanoseconds > 0 ? -seconds - 1 : Math.abs(seconds);
  const fraction = minus && nanoseconds > 0 ? 1e9 - nanoseconds : nanoseconds;
  const digits = String(fraction).padStart(9, "0").replace(/0+$/, "");
  return `${minus ? "-" : ""}${whole}${digits === "" ? "" : `.${digits}`}`;
}

/** A decimal number without sign; `undefined` when it is none or more than JavaScript holds exactly. */
export function decimal(value: Uint8Array): number | undefined {
  let number = 0;
  for (const byte of value) {
    if (byte < 0x30 || byte > 0x39) return undefined;
    number = number * 10 + byte - 0x30;
  }
  return value.length > 0 && Number.isSafeInteger(number) ? number : undefined;
}

/** A name in a message, cut to a length that a terminal takes. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 160 ? `${name.slice(0, 160)}…` : name);
}

const [space, equals, newline, comma] = [" ", "=", "\n", ","].map(utf8) as [Bytes, Bytes, Bytes, Bytes];
const noNul: ReadonlySet<string> = new Set(["path", "linkpath", "uname", "gname", "GNU.sparse.name"]);
