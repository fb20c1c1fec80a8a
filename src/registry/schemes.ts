import { GantryError } from "../errors.ts";
import { isLoopback } from "../http/hosts.ts";
import type { HttpResponse } from "../http/response.ts";
import { connectionFailureOf } from "../http/unreachable.ts";

/** Which hosts speak HTTPS and which plain HTTP, as their answers told. */
export class Schemes {
  readonly #known = new Map<string, string>();

  /** The scheme of a host that has answered. */
  of(host: string): string | undefined {
    return this.#known.get(host);
  }

  /**
   * Calls `send` with each scheme that is allowed until one is answered, and remembers which: HTTPS and then plain HTTP, on
   * this machine itself the other way round.
   */
  async detect(
    { host, http, signal }: { host: string; http: boolean; signal?: AbortSignal | undefined },
    send: (scheme: string) => Promise<HttpResponse>,
  ): Promise<HttpResponse> {
    const schemes = this.#schemesFor(host, http);
    let refused: HttpResponse | undefined;
    let first: unknown;
    for (const [i, scheme] of schemes.entries()) {
      const last = i + 1 === schemes.length;
      try {
        const response = await send(scheme);
        // So many servers answer a request over plain HTTP where they speak HTTPS.
        if (response.status === 400 && scheme === "http" && !last) refused = response;
        else {
          await refused?.discard();
          this.#known.set(host, scheme);
          return response;
        }
      } catch (error) {
        if (signal?.aborted || !GantryError.is(error, "unavailable")) throw error;
        const reason = connectionFailureOf(error)?.reason;
        // Where HTTPS is not spoken, what plain HTTP came to says more.
        if (last && reason === "no-tls" && first) throw first;
        if (last && (!refused || reason === "certificate")) throw error;
        first ??= error;
      }
    }
    this.#known.set(host, "http");
    return refused!;
  }

  #schemesFor(host: string, http: boolean): readonly string[] {
    const known = this.#known.get(host);
    if (known !== undefined) return [known];
    if (!http) return ["https"];
    return isLoopback(host) ? ["http", "https"] : ["https", "http"];
  }
}
