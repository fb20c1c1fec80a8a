/** How commands print names, times and sizes. */

import type { TarTime } from "../../tar/mod.ts";

/** A name on a line of its own: what would break the line or the terminal is escaped. */
export function quoteName(name: string): string {
  // deno-lint-ignore no-control-regex -- they would change the terminal
  return name.replace(/[\u0000-\u001f\u007f-\u009f\\]|[\ud800-\udfff]/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code >= 0xdc80) return `\\x${(code - 0xdc00).toString(16)}`; // a byte that is no UTF-8
    return character === "\\" ? "\\\\" : `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

/** A time in UTC, to the second. */
export function timeText({ seconds }: TarTime): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Columns, as wide as they have to be; numbers are to the right. */
export function columns(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => `${row[i]}`.length))) ?? [];
  return rows.map((row) =>
    row.map((cell, i) => {
      if (typeof cell === "number") return `${cell}`.padStart(widths[i]!);
      return i === row.length - 1 ? cell : cell.padEnd(widths[i]!);
    }).join("  ").trimEnd() + "\n"
  ).join("");
}
