import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Options, Target } from "../../../content/mod.ts";
import { streamOf } from "../../../bytes.ts";
import { readDocument } from "../../../content/read.ts";
import { childrenOf } from "../../../content/relations.ts";
import { ifThere } from "../../../disk/errors.ts";
import { GantryError } from "../../../errors.ts";
import { type Layout, layouts } from "../../../layout/mod.ts";
import { annotations, type Descriptor, type Digest, isDocumentType, isTag } from "../../../spec/mod.ts";
import type { Store } from "../../../store/mod.ts";

/** How many images are taken over at the same time. */
const concurrency = 16;

/** Whether a directory has repositories as older versions keep them: each a layout with the shared blobs. */
export async function isOlder(directory: string): Promise<boolean> {
  return await stat(join(directory, "repositories")).then((found) => found.isDirectory(), () => false);
}

/**
 * Makes the images of an older directory the store's, which has its blobs at the same place. It may be ended at any
 * moment and begun anew; the old lists are only renamed, when all that is in them is in the store.
 *
 * @param onMissing Called with what cannot be read any longer, and is left behind.
 */
export async function takeOver(
  directory: string,
  there: Store,
  onMissing: (line: string) => void,
  options: Options = {},
): Promise<void> {
  const open = layouts(directory);
  for await (const name of open.repositories(options)) {
    const take = new Taking(open(name), there.linked(name), options);
    const roots = queueOf(open(name).roots(options));
    await Promise.all(Array.from({ length: concurrency }, async () => {
      for await (const root of roots) {
        try {
          await take.root(root);
        } catch (error) {
          if (!GantryError.is(error, "not-found", "digest-mismatch", "size-mismatch", "invalid-document")) {
            throw error;
          }
          onMissing(`left behind: ${name}@${root.digest}: ${error.message}`);
        }
      }
    }));
  }
  const free = async (number: number): Promise<string> => {
    const path = join(directory, `repositories.old${number || ""}`);
    return await stat(path).then(() => free(number + 1), () => path);
  };
  // Another process may have done the same.
  await ifThere(rename(join(directory, "repositories"), await free(0)));
}

/** One repository on its way. */
class Taking {
  readonly #from: Layout;
  readonly #to: Target;
  readonly #options: Options;
  readonly #taken = new Map<Digest, Promise<void>>();

  constructor(from: Layout, to: Target, options: Options) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  async root(root: Descriptor): Promise<void> {
    const { mediaType, digest, size } = root;
    await this.#manifest({ mediaType, digest, size });
    const tag = root.annotations?.[annotations.refName];
    if (tag !== undefined && isTag(tag)) await this.#to.tag(tag, { mediaType, digest, size }, this.#options);
  }

  #manifest(descriptor: Descriptor): Promise<void> {
    return this.#once(descriptor.digest, async () => {
      const bytes = await readDocument(this.#from, descriptor, { role: "manifest", ...this.#options });
      for (const child of childrenOf(bytes, descriptor.mediaType)) {
        const role = isDocumentType(child.mediaType) ? "manifest" : "blob";
        const isThere = await this.#from.resolve(child.digest, { role, ...this.#options }).then(
          () => true,
          ignoreMissing,
        );
        if (isThere) await (role === "manifest" ? this.#manifest(child) : this.#blob(child));
      }
      const open = () => Promise.resolve(streamOf(bytes));
      await this.#to.write({ ...descriptor, replayable: true, open }, { role: "manifest", ...this.#options });
    });
  }

  /** It is at its place already: nothing is read. */
  #blob({ mediaType, digest, size }: Descriptor): Promise<void> {
    return this.#once(digest, async () => {
      const open = () => this.#from.open({ digest, size }, { role: "blob", ...this.#options });
      await this.#to.write({ mediaType, digest, size, replayable: true, open }, {
        role: "blob",
        ...this.#options,
      });
    });
  }

  #once(digest: Digest, work: () => Promise<void>): Promise<void> {
    const known = this.#taken.get(digest) ?? work();
    this.#taken.set(digest, known);
    return known;
  }
}

/** The same, for several who take one after the other of it. */
function queueOf<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}

function ignoreMissing(error: unknown): false {
  if (GantryError.is(error, "not-found")) return false;
  throw error;
}
