import { readdir, readFile } from "node:fs/promises";
import { GantryError } from "../errors.ts";

/** More than this is no file that people write. */
const mostBytes = 4 << 20;

/**
 * The text of a file; undefined where there is none.
 *
 * @throws {GantryError} `storage` where it cannot be read, `too-large` above 4 MiB.
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, "utf8");
    if (text.length <= mostBytes) return text;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new GantryError("storage", `read ${path}: ${(error as Error).message}`, { cause: error });
  }
  throw new GantryError("too-large", `read ${path}: it has more than ${mostBytes} bytes`);
}

/** The same for a file that another names. */
export async function requireText(path: string, namedIn: string): Promise<string> {
  const text = await readText(path);
  if (text !== undefined) return text;
  throw new GantryError("not-found", `${namedIn}: there is no file ${JSON.stringify(path)}`);
}

/** The names in a directory, sorted; none where it is not there. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw new GantryError("storage", `read ${directory}: ${(error as Error).message}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "");
}
