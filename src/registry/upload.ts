import type { Bytes } from "../bytes.ts";
import type { Content, Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { isStream } from "../http/exchange.ts";
import type { HttpResponse } from "../http/response.ts";
import { findBlob } from "./blob_resolve.ts";
import { ensure, errorFrom, isTransient, registryErrorOf } from "./errors.ts";
import { follow, withQuery } from "../http/url.ts";
import { checkStored } from "./digest_check.ts";
import { isAt } from "./origin.ts";
import type { Repository } from "./repository.ts";
import type { RegistryRequest } from "./request.ts";

/** The statuses that accept bytes. ECR answers 201: https://github.com/jdx/mise/pull/11376 */
const accepted: readonly number[] = [200, 201, 202, 204];

/** An upload that a registry has begun. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs */
export class Upload {
  readonly #repository: Repository;
  #location: URL;
  /** How many bytes the registry has. */
  offset = 0;
  /** The fewest bytes that the registry takes in a piece that is not the last, and the most in any. */
  readonly #limits: { least: number; most: number };

  constructor(repository: Repository, location: URL, { least = 0, most = Infinity } = {}) {
    this.#repository = repository;
    this.#location = location;
    this.#limits = { least, most: Math.max(most, least) };
  }

  /** Begins an upload. */
  static async begin(
    repository: Repository,
    { signal, algorithm }: Options & { algorithm?: string },
  ): Promise<Upload> {
    const query = algorithm === undefined || algorithm === "sha256" ? "" : `?digest-algorithm=${algorithm}`;
    const response = await postUpload(repository, { query, signal });
    await ensure(response, 200, 202, 204);
    return await Upload.from(repository, response);
  }

  /** The upload that a registry's response to a POST describes. */
  static async from(repository: Repository, response: HttpResponse): Promise<Upload> {
    await response.discard();
    const location = nextLocation(repository, response);
    if (!location) {
      throw new GantryError("invalid-document", `${whatOf(repository)}: the registry does not tell where`);
    }
    const [least, most] = ["oci-chunk-min-length", "oci-chunk-max-length"].map((name) =>
      Number(response.headers.get(name) ?? NaN)
    );
    return new Upload(repository, location, {
      ...(least! > 0 && least! <= 64 << 20 && { least: least! }),
      ...(most! >= 64 << 10 && { most: most! }),
    });
  }

  /** Where the upload goes on. Secret: whoever knows it can add to the upload. */
  get location(): string {
    return this.#location.href;
  }

  /**
   * Asks the registry for the offset. "forgotten": there is no such upload any more. "unclear": there is, but the registry does
   * not tell its offset; `0-0` stands for one byte as well as for none.
   */
  async askOffset({ signal }: Options): Promise<"known" | "unclear" | "forgotten"> {
    const response = await this.#send({ method: "GET", signal });
    if (response.status >= 400 && response.status < 500) {
      await response.discard();
      return "forgotten";
    }
    await this.#accept(response, [200, 202, 204]);
    const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get("range") ?? "") ?? [];
    if (last === undefined || last === "0") return "unclear";
    this.offset = Number(last) + 1;
    return "known";
  }

  /** The most bytes that the registry takes at once, if it has said so. */
  get mostAtOnce(): number {
    return this.#limits.most;
  }

  /** How many bytes to send at once, where so many are wanted. */
  pieceSize(wanted: number): number {
    return Math.min(Math.max(wanted, this.#limits.least), this.#limits.most);
  }

  /** Sends content of any length in one request. */
  async sendStream(content: Content, { signal }: Options): Promise<void> {
    const headers = { "content-type": mediaTypes.octetStream };
    await this.#accept(await this.#send({ method: "PATCH", headers, body: content, signal }), accepted);
  }

  /** Sends a piece. */
  async sendPiece(piece: Bytes | (Content & { size: number }), { signal }: Options): Promise<void> {
    const end = this.offset + (isStream(piece) ? piece.size : piece.byteLength);
    const headers = { "content-type": mediaTypes.octetStream, "content-range": `${this.offset}-${end - 1}` };
    const response = await this.#send({ method: "PATCH", headers, body: piece, signal });
    if (response.status === 416) {
      const error = await errorFrom(response);
      // The piece may have arrived the first time, and only the response was lost.
      if (await this.askOffset({ signal }) !== "known" || this.offset !== end) throw error;
    } else await this.#accept(response, accepted);
    // Not from the `Range` header: ECR repeats that of the first piece. https://github.com/aws/containers-roadmap/issues/2831
    this.offset = end;
  }

  /** Ends the upload: all that was sent, followed by these bytes, becomes a blob. */
  async finish(digest: Digest, body: Bytes | Content, { signal }: Options): Promise<void> {
    const { timeouts } = this.#repository.client.settings;
    try {
      const response = await this.#send({
        method: "PUT",
        to: withQuery(this.#location, [["digest", digest]]),
        headers: { "content-type": mediaTypes.octetStream },
        body,
        timeout: timeouts.verify,
        signal,
      });
      await ensure(response, ...accepted);
      await response.discard();
      checkStored(response, digest);
    } catch (error) {
      // The blob may be there, and only the response was lost, or that to the first try.
      const lost = registryErrorOf(error)?.status === 404 || isTransient(error);
      if (!lost || signal?.aborted || !await this.#isThere(digest, signal)) throw error;
    }
  }

  /** Gives the upload up, and waits so many milliseconds at most. Does not fail: a registry forgets unfinished uploads by itself some day. */
  async cancel(timeout = 5000): Promise<void> {
    try {
      const response = await this.#send({ method: "DELETE", once: true, timeout });
      await response.discard();
    } catch {
      // The registry cannot be reached, perhaps for the same reason that made us give up.
    }
  }

  async #isThere(digest: Digest, signal: AbortSignal | undefined): Promise<boolean> {
    const options = { signal, once: true };
    return await findBlob(this.#repository, digest, options).catch(() => undefined) !== undefined;
  }

  #send(request: Pick<RegistryRequest, "method"> & Partial<RegistryRequest>): Promise<HttpResponse> {
    const { client, registry, pushScopes } = this.#repository;
    // Storage elsewhere does not learn the name of our repository.
    const scopes = isAt(client, this.#location, registry) ? pushScopes : [];
    return client.send({ what: whatOf(this.#repository), scopes, to: this.#location, ...request });
  }

  async #accept(response: HttpResponse, statuses: readonly number[]): Promise<void> {
    await ensure(response, ...statuses);
    await response.discard();
    this.#location = nextLocation(this.#repository, response) ?? this.#location;
  }
}

/** Asks for an upload or a mount. */
export function postUpload(
  repository: Repository,
  { query, signal, scopes = [] }: Options & { query: string; scopes?: readonly string[] },
): Promise<HttpResponse> {
  return repository.send("POST", `blobs/uploads/${query}`, {
    what: whatOf(repository),
    scopes: [...repository.pushScopes, ...scopes],
    body: new Uint8Array(0),
    signal,
  });
}

function whatOf(repository: Repository): string {
  return `write a blob to ${repository.reference()}`;
}

/** Where an upload goes on, if the response tells. */
function nextLocation(repository: Repository, { url, headers }: HttpResponse): URL | undefined {
  const location = headers.get("location");
  if (location === null) return undefined;
  // Some leave out the scheme: `registry.example.com/v2/…`.
  const whole = /^[a-z0-9][a-z0-9.-]*[.:][a-z0-9.:-]*\/v2\//i.test(location) ? `//${location}` : location;
  // Registries do not always know that the proxy in front of them speaks HTTPS.
  const upgraded = url.protocol === "https:" && whole.startsWith(`http://${url.host}/`)
    ? `https${whole.slice(4)}`
    : whole;
  return follow(url, upgraded, whatOf(repository), repository.client.settings.trustedHosts);
}
