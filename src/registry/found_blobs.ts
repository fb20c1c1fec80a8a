import type { Content } from "../content/contracts.ts";
import type { Digest } from "../spec/digest.ts";

/** Without manifests that name them, blobs would be kept for ever. */
const most = 10_000;

/**
 * Blobs that need not have been sent, and their content: by the time that a manifest names them, a registry's garbage
 * collection may have taken them away.
 */
export class FoundBlobs {
  readonly #contents = new Map<Digest, Content>();

  /** Keeps the content of a blob that was found. */
  add(digest: Digest, content: Content): void {
    if (!content.replayable) return;
    this.#contents.delete(digest);
    this.#contents.set(digest, content);
    if (this.#contents.size > most) this.#contents.delete(this.#contents.keys().next().value!);
  }

  /** Takes out what is known of these. */
  take(digests: Iterable<Digest>): Content[] {
    return [...new Set(digests)].flatMap((digest) => {
      const content = this.#contents.get(digest);
      this.#contents.delete(digest);
      return content ?? [];
    });
  }
}
