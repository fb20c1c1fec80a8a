import type { Bytes } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Watch } from "./timeout.ts";

/** Content on its way out: its own failure is told from the connection's, and waiting for it is not the server's fault. */
export class Sending {
  readonly content: Content;
  /** Why the content could not be read. */
  failure: { error: unknown } | undefined;
  #reader: ReadableStreamDefaultReader<Bytes> | undefined;
  #done = false;

  constructor(content: Content, watch: Watch, patience: number) {
    this.content = {
      ...content,
      open: async (options) => {
        watch.rest();
        this.#reader = (await content.open(options).catch(this.#failed)).getReader();
        watch.signal.addEventListener("abort", () => this.leave(), { once: true });
        return new ReadableStream<Bytes>({
          pull: async (controller) => {
            watch.rest();
            const chunk = await this.#next();
            watch.signal.throwIfAborted();
            watch.wait(patience);
            if (chunk) controller.enqueue(chunk);
            else controller.close();
          },
          cancel: () => this.leave(),
        }, { highWaterMark: 0 });
      },
    };
  }

  /** Makes sure that all was sent: with a length told beforehand, a runtime need not have looked for the end. */
  async finish(what: string): Promise<void> {
    if (!this.#done && (!this.#reader || await this.#next())) {
      throw new GantryError("unavailable", `${what}: the answer came before all was sent`);
    }
  }

  /** Reads no more: what has not been sent will not be. */
  leave(): void {
    void this.#reader?.cancel().catch(() => {});
  }

  readonly #failed = (error: unknown): never => {
    this.failure ??= { error };
    throw error;
  };

  async #next(): Promise<Bytes | undefined> {
    const { done, value } = await this.#reader!.read().catch(this.#failed);
    this.#done = done;
    return value;
  }
}
