/** Whether a whole text is like a pattern in which `*` stands for any characters and `?` for one. */
export function isLike(text: string, pattern: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*").replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "su").test(text);
}
