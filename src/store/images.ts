import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { checkAnnotations } from "./annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { parseDigest } from "../spec/digest.ts";
import { type FilterInput, ParsedFilters } from "./filter/filter.ts";
import { imageFields } from "./filter/fields.ts";
import { bad, checkLabels, type Labels, splitFieldPath, updateLabels } from "./labels.ts";
import { listPages } from "./metadata.ts";
import type { Namespace, Plan } from "./namespace.ts";
import { imageFrom, imageOf, type ImageValue, type StoredImage, valueOf } from "./records.ts";

/** An image to be created or updated. */
export interface ImageInput {
  /** What it is called. */
  readonly name: string;
  /** What it stands for. */
  readonly target: Descriptor;
  /** What else is known of it. Default: nothing. */
  readonly labels?: Labels | undefined;
}

/** How to delete an image. */
export interface DeleteImageOptions extends Options {
  /** Only if it stands for this now, compared by the digest. */
  target?: Pick<Descriptor, "digest"> | undefined;
  /** Collects the garbage, and waits for it. */
  synchronous?: boolean | undefined;
}

/**
 * The images of a namespace: records that give names to manifests and indexes. What a record names is in the store
 * when the record is made, and stays as long as the record does.
 */
export class ImageStore {
  readonly #namespace: Namespace;
  readonly #collect: (options: Options) => Promise<unknown>;

  /** For stores; see {@link Store.images}. */
  constructor(namespace: Namespace, collect: (options: Options) => Promise<unknown>) {
    this.#namespace = namespace;
    this.#collect = collect;
  }

  /**
   * The image of a name.
   *
   * @throws {GantryError} `not-found`.
   */
  async get(name: string, options?: Options): Promise<StoredImage> {
    const { shared, buckets } = this.#namespace;
    const entry = await shared.metadata.get(buckets.images, name, options);
    if (entry) return imageOf(entry);
    throw this.#missing("get", name);
  }

  /**
   * The images that one of the filters matches, all without filters, in the order of their names' bytes.
   *
   * @throws {GantryError} `invalid-argument` for a filter that is none.
   */
  async *list(
    filters: FilterInput = [],
    options: Options & { prefix?: string | undefined } = {},
  ): AsyncGenerator<StoredImage, void, void> {
    const parsed = new ParsedFilters(filters, imageFields);
    const { shared, buckets } = this.#namespace;
    for await (const page of listPages(shared.metadata, buckets.images, options)) {
      for (const entry of page) {
        if (!parsed.mayMatch(entry.value)) continue;
        const value = valueOf<ImageValue>(entry);
        const { target, labels } = value;
        if (parsed.matches({ name: entry.key, target, labels })) yield imageFrom(entry.key, value);
      }
    }
  }

  /**
   * Gives a name to something in the store.
   *
   * @throws {GantryError} `conflict` when there is such a name, `not-found` when the target is not here,
   * `invalid-argument`, `invalid-digest`, `size-mismatch`.
   */
  async create(image: ImageInput, options: Options = {}): Promise<StoredImage> {
    const action = `create image ${JSON.stringify(image.name)}`;
    const { name, target, labels } = this.#checked(image, action);
    const { shared, buckets } = this.#namespace;
    const now = shared.now();
    const value: ImageValue = { target, labels, createdAt: now, updatedAt: now };
    const plan = async (): Promise<Plan<StoredImage>> => {
      if (await shared.metadata.get(buckets.images, name)) {
        throw new GantryError("conflict", `${this.#namespace.where(action)}: there is such an image`);
      }
      const referred = await this.#namespace.referTo(target, options);
      const text = JSON.stringify(value);
      return {
        changes: [...referred, { bucket: buckets.images, key: name, value: text, expect: null }],
        result: imageOf({ key: name, value: text, version: 0 }),
      };
    };
    const created = await this.#change(action, plan, options);
    shared.events.emit({ type: "image-created", namespace: this.#namespace.name, image: created });
    return created;
  }

  /**
   * Changes an image. Without field paths all is replaced but the time of its creation; `labels`, `labels.KEY`,
   * `annotations`, `annotations.KEY` and `target` change only that. A label or annotation that is empty goes.
   *
   * @throws {GantryError} What {@link ImageStore.create} throws; `not-found` also when there is no such image.
   */
  async update(
    image: ImageInput,
    fieldPaths: readonly string[] = [],
    options: Options = {},
  ): Promise<StoredImage> {
    const action = `update image ${JSON.stringify(image.name)}`;
    const { shared, buckets } = this.#namespace;
    const plan = async (): Promise<Plan<StoredImage>> => {
      const entry = await shared.metadata.get(buckets.images, image.name);
      if (!entry) throw this.#missing("update", image.name);
      const before = valueOf<ImageValue>(entry);
      const merged = fieldPaths.length === 0
        ? { target: image.target, labels: image.labels ?? {} }
        : mergeImage(before, image, fieldPaths, action);
      const { target, labels } = this.#checked({ name: image.name, ...merged }, action);
      const moved = target.digest !== before.target.digest || target.size !== before.target.size;
      const value: ImageValue = { target, labels, createdAt: before.createdAt, updatedAt: shared.now() };
      const text = JSON.stringify(value);
      const change = { bucket: buckets.images, key: image.name, value: text, expect: entry.version };
      return {
        changes: moved ? [...await this.#namespace.referTo(target, options), change] : [change],
        result: imageOf({ ...entry, value: text }),
      };
    };
    const updated = await this.#change(action, plan, options);
    shared.events.emit({ type: "image-updated", namespace: this.#namespace.name, image: updated });
    return updated;
  }

  /**
   * Takes a name away. What it named stays until garbage is collected.
   *
   * @throws {GantryError} `not-found` when there is no such image, or when it stands for something else than `target`.
   */
  async delete(name: string, options: DeleteImageOptions = {}): Promise<void> {
    const { shared, buckets } = this.#namespace;
    const { target, synchronous, signal } = options;
    await this.#namespace.change(async () => {
      const entry = await shared.metadata.get(buckets.images, name);
      if (!entry || (target && imageOf(entry).target.digest !== target.digest)) {
        throw this.#missing("delete", name, target?.digest);
      }
      const change = { bucket: buckets.images, key: name, value: null, expect: entry.version };
      return { changes: [change], result: undefined };
    }, options);
    shared.events.emit({ type: "image-deleted", namespace: this.#namespace.name, name });
    if (synchronous) await this.#collect({ signal });
  }

  #change<T>(action: string, plan: () => Promise<Plan<T>>, options: Options): Promise<T> {
    const changing = () => this.#namespace.leased(() => this.#namespace.change(plan, options));
    return this.#namespace.do(action, options, changing);
  }

  #checked({ name, target, labels = {} }: ImageInput, action: string): ImageInput & { labels: Labels } {
    const where = this.#namespace.where(action);
    if (name === "") throw bad(where, "an image needs a name");
    parseDigest(target?.digest ?? "");
    if (!Number.isSafeInteger(target.size) || target.size <= 0) {
      throw bad(where, `its size is ${target.size}`);
    }
    if (!target.mediaType) throw bad(where, "its target has no media type");
    return { name, target: checkAnnotations(target), labels: checkLabels(labels, where) };
  }

  #missing(action: string, name: string, digest?: string): GantryError {
    const reason = digest === undefined ? "no such image" : `no such image of ${digest}`;
    return this.#namespace.notFound(`${action} image ${JSON.stringify(name)}`, reason);
  }
}

function mergeImage(
  before: ImageValue,
  image: ImageInput,
  fieldPaths: readonly string[],
  action: string,
): { target: Descriptor; labels: Record<string, string> } {
  let { target, labels } = before;
  for (const path of fieldPaths) {
    const [field, key] = splitFieldPath(path);
    if (field === "labels") labels = updateLabels(labels, image.labels ?? {}, key);
    else if (field === "annotations") {
      const notes = updateLabels(target.annotations ?? {}, image.target?.annotations ?? {}, key);
      target = { ...target, annotations: notes };
    } else if (path === "target") target = image.target;
    else throw bad(action, `cannot change ${JSON.stringify(path)}`);
  }
  return { target, labels };
}
