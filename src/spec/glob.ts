/**
 * The source of a regular expression for a pattern: each wildcard stands for what it is given, all else for itself. The
 * longest wildcard at a place counts.
 */
export function globSource(pattern: string, wildcards: Readonly<Record<string, string>>): string {
  const names = Object.keys(wildcards).sort((a, b) => b.length - a.length);
  const parts = pattern.split(new RegExp(`(${names.map(escaped).join("|")})`));
  return parts.map((part, i) => i % 2 === 1 ? wildcards[part]! : escaped(part)).join("");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
