import type { Bytes } from "../bytes.ts";
import type { Content } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Timeout } from "./timeout.ts";

/**
 * Content as the body of a request. It tells failures of the content from those of the connection, and stops the clock
 * while the content is read: that is not the server's fault.
 */
export class RequestBody {
  readonly content: Content;
  /** Why the content could not be read. */
  failure: { error: unknown } | undefined;
  #reader: ReadableStreamDefaultReader<Bytes> | undefined;
  #done = false;

  /** Each time the server takes a chunk, it has `responseTimeout` milliseconds to take the next one or to answer. */
  constructor(content: Content, timeout: Timeout, responseTimeout: number) {
    this.content = {
      ...content,
      open: async (options) => {
        timeout.stop();
        this.#reader = (await content.open(options).catch(this.#failed)).getReader();
        timeout.signal.addEventListener("abort", () => this.cancel(), { once: true });
        return new ReadableStream<Bytes>({
          pull: async (controller) => {
            timeout.stop();
            const chunk = await this.#read();
            timeout.signal.throwIfAborted();
            timeout.start(responseTimeout);
            if (chunk) controller.enqueue(chunk);
            else controller.close();
          },
          cancel: () => this.cancel(),
        }, { highWaterMark: 0 });
      },
    };
  }

  /**
   * Makes sure that everything was sent. Where the length was announced, a runtime need not have looked for the end.
   *
   * @throws {GantryError} `unavailable` when bytes are left.
   */
  async requireSent(what: string): Promise<void> {
    if (!this.#done && (!this.#reader || await this.#read())) {
      throw new GantryError("unavailable", `${what}: the answer came before all was sent`);
    }
  }

  /** Reads no more of the content. */
  cancel(): void {
    void this.#reader?.cancel().catch(() => {});
  }

  readonly #failed = (error: unknown): never => {
    this.failure ??= { error };
    throw error;
  };

  async #read(): Promise<Bytes | undefined> {
    const { done, value } = await this.#reader!.read().catch(this.#failed);
    this.#done = done;
    return value;
  }
}
