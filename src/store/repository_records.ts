import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { isTag } from "../spec/reference.ts";
import type { Blobs } from "./blobs.ts";
import type { Change, Metadata } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";
import { imageOf } from "./records.ts";

/** The records of one repository, as both kinds of repositories reach them. */
export class RepositoryRecords {
  readonly name: string;
  readonly #namespace: Namespace;

  constructor(name: string, namespace: Namespace) {
    this.name = name;
    this.#namespace = namespace;
  }

  get blobs(): Blobs {
    return this.#namespace.shared.blobs;
  }

  get metadata(): Metadata {
    return this.#namespace.shared.metadata;
  }

  get buckets(): Namespace["buckets"] {
    return this.#namespace.buckets;
  }

  async findTag(tag: string, options: Options = {}): Promise<Descriptor | undefined> {
    const entry = await this.metadata.get(this.buckets.images, `${this.name}:${tag}`, options);
    return entry && imageOf(entry).target;
  }

  checkTag(name: string): void {
    if (isTag(name)) return;
    throw new GantryError("invalid-name", `${this.where(`tag ${JSON.stringify(name)}`)}: not a tag`);
  }

  notFound(action: string, reason: string): GantryError {
    return new GantryError("not-found", `${this.where(action)}: ${reason}`);
  }

  where(action: string): string {
    return this.#namespace.where(`${action} in repository ${JSON.stringify(this.name)}`);
  }

  do<T>(action: string, options: Options, work: () => Promise<T>): Promise<T> {
    return this.#namespace.do(`${action} in repository ${JSON.stringify(this.name)}`, options, work);
  }

  /** Does something that needs little room and may make more, also on a full disk. */
  withRoom<T>(work: () => Promise<T>): Promise<T> {
    return this.blobs.withRoom ? this.blobs.withRoom(work) : work();
  }

  /** Changes records, with a lease on what they refer to; also on a full disk, as that may make room. */
  change(action: string, options: Options, plan: () => Promise<Change[]>): Promise<void> {
    const changing = () =>
      this.#namespace.change(async () => ({ changes: await plan(), result: undefined }), options);
    return this.withRoom(() => this.do(action, options, () => this.#namespace.leased(changing)));
  }
}
