import { join } from "node:path";
import { text } from "../bytes.ts";
import { readSmall } from "../disk/files.ts";

/** The largest file of rules that is read, in bytes. */
const limit = 1024 * 1024;

/** What a directory's rules leave out: as lines of a `.dockerignore`, or `true` for those of the file in it. */
export async function ignored(
  directory: string,
  rules: readonly string[] | true,
): Promise<(path: string) => boolean | "itself"> {
  const { default: { default: dockerignore } } = await import("@balena/dockerignore");
  const lines = rules === true ? await linesIn(directory) : [...rules];
  const matcher = dockerignore().add(lines);
  // An exception may be in a directory that is left out.
  const excepted = lines.some((line) => line.trimStart().startsWith("!"));
  return (path) => matcher.ignores(path.replace(/\/$/, "")) && (excepted ? "itself" : true);
}

async function linesIn(directory: string): Promise<string[]> {
  const path = join(directory, ".dockerignore");
  const bytes = await readSmall(path, limit);
  if (!bytes) return [];
  return text(bytes, path).replace(/^\ufeff/, "").split(/\r?\n/);
}
