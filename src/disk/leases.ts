import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "../bytes.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { factsOf, writeAll } from "./files.ts";
import { ifThere } from "./errors.ts";
import { namesIn } from "./directory.ts";
import { heartbeat, isAlive, parseOwner, thisOwner } from "./process_identity.ts";

interface Journal {
  readonly file: FileHandle;
  readonly noted: Set<Digest>;
  /** Takes it away. */
  readonly end: () => Promise<void>;
}

/**
 * What is not to be collected although nothing refers to it yet. Each process that holds leases has a file, whose
 * first line says whose it is; the others are a journal of the digests that it has written or found.
 */
export class Leases {
  readonly #directory: string;
  readonly #temporary: () => Promise<string>;
  #journal: Promise<Journal> | undefined;
  #held = 0;

  /** `temporary` names files that do not exist yet, on the same disk. */
  constructor(directory: string, temporary: () => Promise<string>) {
    this.#directory = directory;
    this.#temporary = temporary;
  }

  /** Takes a lease; it ends when what is returned is called. The file comes with the first digest. */
  take(): () => Promise<void> {
    this.#held++;
    let dropped: Promise<void> | undefined;
    return () => dropped ??= this.#drop();
  }

  /** Writes a digest down, if a lease is held. */
  async note(digest: Digest): Promise<void> {
    if (this.#held === 0) return;
    const { file, noted } = await (this.#journal ??= this.#open().catch((error) => {
      this.#journal = undefined;
      throw error;
    }));
    if (noted.has(digest)) return;
    await writeAll(file, utf8(`${digest}\n`));
    noted.add(digest);
  }

  /** Every digest in the journal of a process that is alive. */
  async noted(): Promise<Set<Digest>> {
    const all = new Set<Digest>();
    for (const name of await namesIn(this.#directory)) {
      const { alive, digests } = await read(join(this.#directory, name));
      if (alive) { for (const digest of digests) all.add(digest); }
    }
    return all;
  }

  /** Removes the leases of processes that are dead. */
  async sweep(): Promise<void> {
    for (const name of await namesIn(this.#directory)) {
      const path = join(this.#directory, name);
      if (!(await read(path)).alive) await rm(path, { force: true });
    }
  }

  async #open(): Promise<Journal> {
    await mkdir(this.#directory, { recursive: true });
    const [path, temporary] = [join(this.#directory, randomUUID()), await this.#temporary()];
    const file = await open(temporary, "ax");
    const stop = heartbeat(file);
    const end = async () => {
      stop();
      await file.close();
      await rm(path, { force: true });
    };
    try {
      await writeAll(file, utf8(`${JSON.stringify(await thisOwner())}\n`));
      await rename(temporary, path); // never there without its first line
      return { file, noted: new Set(), end };
    } catch (error) {
      await end();
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #drop(): Promise<void> {
    if (--this.#held > 0) return;
    const journal = this.#journal;
    this.#journal = undefined;
    await (await journal?.catch(() => {}))?.end();
  }
}

async function read(path: string): Promise<{ alive: boolean; digests: Digest[] }> {
  const [text, facts] = [await ifThere(readFile(path, "utf8")), await factsOf(path)];
  if (text === undefined || !facts) return { alive: false, digests: [] };
  const [owner = "", ...lines] = text.split("\n");
  return { alive: await isAlive(parseOwner(owner), facts.changed), digests: lines.filter(isDigest) };
}
