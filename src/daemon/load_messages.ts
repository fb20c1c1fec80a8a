import { text } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** What an engine says while it loads a tar, a JSON object a line: the names of the images, or what went wrong. */
export function loadedNames(told: Uint8Array, what: string): string[] {
  const names: string[] = [];
  for (const line of text(told, what).split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const { stream, error } = parse(line, what);
    if (error !== undefined) throw new GantryError("unsupported", `${what}: ${error}`);
    // Podman puts several on one line, with commas.
    const [, loaded] = /^Loaded image(?:\(s\))?(?: ID)?: (.+)$/m.exec(stream ?? "") ?? [];
    if (loaded) names.push(...loaded.split(",").map((name) => name.trim()));
  }
  return names;
}

function parse(line: string, what: string): { stream?: string; error?: string } {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new GantryError("invalid-document", `${what}: it answered ${JSON.stringify(line.slice(0, 100))}`, {
      cause,
    });
  }
}
