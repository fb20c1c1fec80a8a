/** Lays rows out in columns; rows whose last cell is empty or missing are left out. Control characters are shown. */
export function table(rows: readonly (readonly (string | undefined)[])[], indent = ""): string {
  const shown = rows.filter((row) => row.length === 1 || row.length > 2 || row.at(-1)).map((row) =>
    row.map(visible)
  );
  const widths = shown.reduce<number[]>(
    (widths, row) => row.map((cell, i) => Math.max(widths[i] ?? 0, cell.length)),
    [],
  );
  return shown.map((row) =>
    `${indent}${row.map((cell, i) => i === row.length - 1 ? cell : cell.padEnd(widths[i]!)).join("  ")}`
      .trimEnd() + "\n"
  ).join("");
}

/** Sizes as people read them: `3.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 999.95 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** What an image says of itself must not move a terminal's cursor. */
function visible(text = ""): string {
  // deno-lint-ignore no-control-regex -- they would change the terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
