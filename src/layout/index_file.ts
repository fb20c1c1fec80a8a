import { join } from "node:path";
import { type Bytes, sameBytes, utf8 } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { formatJson } from "../spec/json.ts";
import { checkLayoutVersion, layoutIndexLimit, layoutVersion, parseLayoutIndex } from "../spec/layout.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { factsOf, readSmall } from "../disk/files.ts";
import { makeDirectory, syncDirectory } from "../disk/directory.ts";
import { putFile } from "../disk/replace.ts";
import type { GantryDirectory } from "../disk/gantry_directory.ts";
import { ListingCache, versionOf } from "./listing_cache.ts";

/** The largest oci-layout file that is read, in bytes. */
const markerLimit = 64 * 1024;

const marker = `{"imageLayoutVersion":"${layoutVersion}"}`;
const noEntries = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[]}`;

/** What index.json says. */
export interface Listing {
  /** Its entries; another list may be put in place. */
  entries: Descriptor[];
  /** Writes it, if it was changed. Only for those who hold the lock. */
  save(): Promise<void>;
}

/** The two files that make a directory a layout: oci-layout and index.json. */
export class IndexFile {
  readonly directory: string;
  readonly #state: GantryDirectory;
  readonly #cache: ListingCache;
  readonly #limit: number;
  #checked = false;
  #made = false;
  /** One makes it at a time: the others would look again and again for the end of its lock. */
  readonly #making = new Slots(1);

  /** @param limit The most bytes that index.json may have. */
  constructor(
    directory: string,
    state: GantryDirectory,
    cache: ListingCache = new ListingCache(),
    limit: number = layoutIndexLimit,
  ) {
    this.directory = directory;
    this.#state = state;
    this.#cache = cache;
    this.#limit = limit;
  }

  /** The entries of index.json, for those who do not change them. They are parsed once, while the file stays the same. */
  async entries(): Promise<readonly Descriptor[]> {
    const path = this.#path("index.json");
    const version = await versionOf(path);
    const known = version && this.#cache.get(path, version);
    this.#checked ||= known !== undefined;
    if (known) return known;
    const { entries } = await this.read();
    if (version) this.#cache.put(path, version, entries);
    return entries;
  }

  /** Reads index.json, after a look at whether this is a layout at all. */
  async read(): Promise<Listing> {
    if (!this.#checked) await this.#checkVersion();
    const path = this.#path("index.json");
    const bytes = await readSmall(path, this.#limit);
    if (!bytes) throw new GantryError("not-found", `open layout ${this.#quoted}: no index.json`);
    const listing = this.#listing(bytes, path);
    this.#checked = true;
    return listing;
  }

  /** Makes sure, once, that this is a layout. */
  async check(): Promise<void> {
    if (!this.#checked) await this.entries();
  }

  /** Does something that may change index.json, with nobody else at it. */
  async change<T>(work: (listing: Listing) => Promise<T>, options: Options = {}): Promise<T> {
    await this.check(); // a directory that is no layout gets no lock either
    return await this.#state.locked(async () => await work(await this.read()), options);
  }

  /** Makes the directory a layout, if it is none yet. */
  async make(blobs: string, options: Options = {}): Promise<void> {
    if (this.#made) return;
    await this.#making.run(async () => {
      if (!this.#made) await this.#make(blobs, options);
      this.#made = true;
    }, options.signal);
  }

  async #make(blobs: string, options: Options): Promise<void> {
    const there = async () =>
      await factsOf(this.#path("index.json")) && await factsOf(this.#path("oci-layout"));
    if (!await there()) {
      await makeDirectory(this.directory); // before the lock, which makes it too, but not for good
      await this.#state.locked(() => this.#makeFiles(blobs), options);
    }
    await this.read();
  }

  async #makeFiles(blobs: string): Promise<void> {
    await makeDirectory(blobs);
    // index.json comes last: whoever finds it finds a layout. One flush of the directory is for both.
    for (const [name, text] of [["oci-layout", marker], ["index.json", noEntries]] as const) {
      if (await factsOf(this.#path(name))) continue;
      await putFile(this.#path(name), utf8(text), await this.#state.createTemporary(), () => {});
    }
    await syncDirectory(this.directory);
  }

  #listing(bytes: Bytes, path: string): Listing {
    const state = this.#state;
    const index = parseLayoutIndex(bytes, path);
    const before = formatJson(index);
    const listing: Listing = {
      entries: index.manifests,
      save: async () => {
        index.manifests = listing.entries;
        const after = formatJson(index);
        if (sameBytes(before, after)) return;
        this.#requireRoom(after.byteLength, path);
        await putFile(path, after, await state.createTemporary());
      },
    };
    return listing;
  }

  /** What is too large to be read is not written. */
  #requireRoom(size: number, path: string): void {
    if (size <= this.#limit) return;
    const reason =
      `it would have ${size} bytes, the limit is ${this.#limit}: delete names or manifests first`;
    throw new GantryError("too-large", `write ${JSON.stringify(path)}: ${reason}`);
  }

  /** A missing oci-layout is overlooked, as skopeo and crane do; another version is not. */
  async #checkVersion(): Promise<void> {
    const path = this.#path("oci-layout");
    const bytes = await readSmall(path, markerLimit);
    if (bytes) checkLayoutVersion(bytes, path, `open layout ${this.#quoted}: its version`);
  }

  #path(name: string): string {
    return join(this.directory, name);
  }

  get #quoted(): string {
    return JSON.stringify(this.directory);
  }
}
