import { globSource } from "../../spec/glob.ts";

/** Whether a whole text is like a pattern in which `*` stands for any characters and `?` for one. */
export function isLike(text: string, pattern: string): boolean {
  const source = globSource(pattern.replace(/\*+/g, "*"), { "*": ".*", "?": "." });
  return new RegExp(`^${source}$`, "su").test(text);
}
