import type { HttpResponse } from "../http/response.ts";
import { warningsIn } from "../http/warning.ts";
import type { RegistryOptions } from "./options.ts";

/** Whoever makes up ever new ones is not listened to. */
const most = 100;

/** Tells what registries warn of, each text of a host once. */
export class Warnings {
  readonly #tell: RegistryOptions["warn"];
  readonly #told = new Set<string>();

  constructor(tell: RegistryOptions["warn"]) {
    this.#tell = tell;
  }

  /** Tells those of a response. */
  tell({ host }: URL, { headers }: HttpResponse): void {
    for (const text of warningsIn(headers)) {
      const key = `${host} ${text}`;
      if (this.#told.has(key) || this.#told.size >= most) continue;
      this.#told.add(key);
      this.#tell?.({ host, text });
    }
  }
}
