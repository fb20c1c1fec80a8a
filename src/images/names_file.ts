import { join } from "node:path";
import { text, utf8 } from "../bytes.ts";
import { readSmall } from "../disk/files.ts";
import type { GantryDirectory } from "../disk/gantry_directory.ts";
import { putFile } from "../disk/replace.ts";
import { GantryError } from "../errors.ts";

/** Which image is unpacked for a name: repository → tag or digest → ID. */
export type Names = Map<string, Map<string, string>>;

/** In bytes: a hundred thousand names. */
const limit = 16 * 1024 ** 2;

/** The file that holds them: `images.json`. */
export class NamesFile {
  readonly #path: string;
  readonly #state: GantryDirectory;

  /** `state` makes temporary files on the same disk. */
  constructor(directory: string, state: GantryDirectory) {
    this.#path = join(directory, "images.json");
    this.#state = state;
  }

  /** All names; none where there is no file. */
  async read(): Promise<Names> {
    const bytes = await readSmall(this.#path, limit);
    if (!bytes) return new Map();
    try {
      const all = Object.entries(JSON.parse(text(bytes, this.#path)) as Record<string, object>);
      return new Map(all.map(([name, tags]) => [name, new Map(Object.entries(tags).map(checked))]));
    } catch (cause) {
      const reason = "not names, tags and IDs of images";
      throw new GantryError("invalid-document", `read ${JSON.stringify(this.#path)}: ${reason}`, { cause });
    }
  }

  /** Writes all names, whole or not at all; to be done by one process at a time. */
  async write(names: Names): Promise<void> {
    const all = [...names].filter(([, tags]) => tags.size > 0).sort(byName)
      .map(([name, tags]) => [name, Object.fromEntries([...tags].sort(byName))] as const);
    const bytes = utf8(`${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
    await putFile(this.#path, bytes, await this.#state.createTemporary());
  }
}

/** An ID becomes a path: nothing else may stand in its place. */
function checked([tag, id]: [string, unknown]): [string, string] {
  if (typeof id === "string" && isID(id)) return [tag, id];
  throw new TypeError(`${JSON.stringify(id)} is no ID`);
}

/** Whether a text is the ID of an image. */
export function isID(text: string): boolean {
  return /^[0-9a-f]{12}$/.test(text);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
