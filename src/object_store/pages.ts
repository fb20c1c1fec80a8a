import { readAll } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import type { Bucket } from "../objects/bucket.ts";
import { listPage } from "../objects/list_objects.ts";
import { type Cell, cellBytes, type PageFacts, parseCells, type Run } from "./root.ts";

/** Bytes of a page, about: it may have as many more as one record has. */
export const pageSize: number = 256 * 1024;
/** Bytes of the pages that are remembered. */
const mostKnown = 16 * 1024 * 1024;
/** How many pages are put or removed at once. */
const concurrency = 8;

/** A page is no longer there: what led to it is old. */
export class PageGone extends Error {}

/** The pages of records in a bucket. */
export class Pages {
  readonly prefix: string;
  readonly #bucket: Bucket;
  /** Those that were read last, the oldest first. */
  readonly #known = new Map<string, { cells: readonly Cell[]; size: number }>();
  #knownSize = 0;

  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.prefix = prefix;
  }

  /**
   * The records of a page.
   *
   * @throws {PageGone}
   */
  async read({ id, size }: PageFacts, { signal }: Options = {}): Promise<readonly Cell[]> {
    const known = this.#known.get(id);
    if (known) {
      this.#known.delete(id);
      this.#known.set(id, known);
      return known.cells;
    }
    const found = await this.#bucket.get(this.prefix + id, { signal });
    if (!found) throw new PageGone(id);
    const what = `${this.prefix}${id} in ${this.#bucket.name}`;
    const bytes = await readAll(found.body, { limit: size, what, signal });
    if (bytes.byteLength !== size) {
      throw new GantryError("unavailable", `read ${what}: ${bytes.byteLength} bytes, expected ${size}`);
    }
    const cells = parseCells(bytes, what);
    this.#know(id, cells, size);
    return cells;
  }

  /** Puts records that come in order into pages, a few at a time in memory. */
  async write(cells: AsyncIterable<Cell> | Iterable<Cell>, options: Options = {}): Promise<Run> {
    const pages: PageFacts[] = [];
    const slots = new Slots(concurrency);
    const puts: Promise<void>[] = [];
    let page: Cell[] = [], length = 0;
    const put = async () => {
      const bytes = cellBytes(page);
      const id = crypto.randomUUID();
      const facts = { id, first: page[0]![0], size: bytes.byteLength };
      pages.push(facts);
      [page, length] = [[], 0];
      const release = await slots.take(options.signal);
      const putting = this.#bucket.put(this.prefix + id, bytes, options).then(() => {}).finally(release);
      putting.catch(() => {}); // seen below
      puts.push(putting);
    };
    for await (const cell of cells) {
      page.push(cell);
      length += cell[0].length + (cell[2]?.length ?? 0) + 16;
      if (length >= pageSize) await put();
    }
    if (page.length > 0) await put();
    await Promise.all(puts);
    return { pages };
  }

  /** Some of the pages that are there. */
  async list(
    { cursor, signal }: Options & { cursor: string | undefined },
  ): Promise<{ ids: string[]; cursor: string | undefined }> {
    const page = await listPage(this.#bucket, { prefix: this.prefix, cursor, signal });
    return { ids: page.objects.map(({ key }) => key.slice(this.prefix.length)), cursor: page.cursor };
  }

  /** Removes pages to which nothing leads any longer. */
  async remove(ids: Iterable<string>, options: Options = {}): Promise<void> {
    const slots = new Slots(concurrency);
    await Promise.all([...ids].map((id) =>
      slots.run(async () => {
        this.#forget(id);
        await this.#bucket.delete(this.prefix + id, options);
      }, options.signal)
    ));
  }

  #know(id: string, cells: readonly Cell[], size: number): void {
    this.#forget(id);
    this.#known.set(id, { cells, size });
    this.#knownSize += size;
    for (const oldest of this.#known.keys()) {
      if (this.#knownSize <= mostKnown) break;
      this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    this.#knownSize -= this.#known.get(id)?.size ?? 0;
    this.#known.delete(id);
  }
}
