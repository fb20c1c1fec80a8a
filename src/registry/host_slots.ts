import { Slots } from "../content/slots.ts";
import { isStream } from "../http/exchange.ts";
import type { RegistryRequest } from "./request.ts";

/** How many requests each host has to answer at once. */
export class HostSlots {
  readonly #count: number;
  /** By host. Uploads have slots of their own: one may read from the host that it writes to. */
  readonly #slots = new Map<string, Slots>();

  constructor(count: number) {
    this.#count = count;
  }

  /** Sends a request to a host when that is free. */
  async run<T>({ host }: URL, { body, signal }: RegistryRequest, send: () => Promise<T>): Promise<T> {
    const key = `${host} ${isStream(body)}`;
    let slots = this.#slots.get(key);
    if (!slots) this.#slots.set(key, slots = new Slots(this.#count));
    return await slots.run(send, signal);
  }
}
