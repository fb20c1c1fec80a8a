import type { Bytes } from "../bytes.ts";
import type { Content, Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type { Answer } from "../http/response.ts";
import { findBlob } from "./blobs.ts";
import { ensure, fault, refusalOf } from "./errors.ts";
import { follow, withQuery } from "../http/url.ts";
import { checkKept, type Place } from "./repository.ts";
import type { Call } from "./client.ts";

/** An upload that a registry has begun. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs */
export class Upload {
  readonly #place: Place;
  #location: URL;
  /** How many bytes the registry has. */
  offset = 0;
  /** The fewest bytes it takes in one piece, but for the last. */
  readonly leastPiece: number;

  constructor(place: Place, location: URL, leastPiece = 0) {
    this.#place = place;
    this.#location = location;
    this.leastPiece = leastPiece;
  }

  /** Begins one. */
  static async begin(place: Place, { signal, algorithm }: Options & { algorithm?: string }): Promise<Upload> {
    const query = algorithm === undefined || algorithm === "sha256" ? "" : `?digest-algorithm=${algorithm}`;
    const answer = await postUpload(place, { query, signal });
    await ensure(answer, 200, 202, 204);
    return await Upload.from(place, answer);
  }

  /** The upload that the registry's answer to a POST tells of. */
  static async from(place: Place, answer: Answer): Promise<Upload> {
    await answer.discard();
    const location = nextLocation(place, answer);
    if (!location) {
      throw new GantryError("invalid-document", `${whatOf(place)}: the registry does not tell where`);
    }
    const least = Number(answer.headers.get("oci-chunk-min-length") ?? 0);
    return new Upload(place, location, least > 0 && least <= 64 << 20 ? least : 0);
  }

  /** Where it goes on: secret, as it lets anybody add to it. */
  get location(): string {
    return this.#location.href;
  }

  /** Asks how far it has come, which the registry may have forgotten, or not tell: `0-0` stands for one byte and for none. */
  async locate({ signal }: Options): Promise<"known" | "unclear" | "forgotten"> {
    const answer = await this.#call({ method: "GET", signal });
    if (answer.status >= 400 && answer.status < 500) {
      await answer.discard();
      return "forgotten";
    }
    await this.#accept(answer, [200, 202, 204]);
    const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.get("range") ?? "") ?? [];
    if (last === undefined || last === "0") return "unclear";
    this.offset = Number(last) + 1;
    return "known";
  }

  /** Sends content of any length as it comes. */
  async stream(content: Content, { signal }: Options): Promise<void> {
    const headers = { "content-type": mediaTypes.octetStream };
    await this.#accept(await this.#call({ method: "PATCH", headers, body: content, signal }), taken);
  }

  /** Sends one piece that is in memory. */
  async piece(bytes: Bytes, { signal }: Options): Promise<void> {
    const end = this.offset + bytes.byteLength;
    const headers = { "content-type": mediaTypes.octetStream, "content-range": `${this.offset}-${end - 1}` };
    const answer = await this.#call({ method: "PATCH", headers, body: bytes, signal });
    if (answer.status === 416) {
      const error = await fault(answer);
      // It may have arrived the first time, and only the answer was lost.
      if (await this.locate({ signal }) !== "known" || this.offset !== end) throw error;
    } else await this.#accept(answer, taken);
    // Not what `Range` says: ECR repeats the first one. https://github.com/aws/containers-roadmap/issues/2831
    this.offset = end;
  }

  /** Ends it: all that was sent, and perhaps some more bytes, become a blob. */
  async finish(digest: Digest, bytes: Bytes, { signal }: Options): Promise<void> {
    const { timeouts } = this.#place.wire.settings;
    try {
      const answer = await this.#call({
        method: "PUT",
        to: withQuery(this.#location, [["digest", digest]]),
        headers: { "content-type": mediaTypes.octetStream },
        body: bytes,
        timeout: timeouts.response * 10,
        signal,
      });
      await ensure(answer, ...taken);
      await answer.discard();
      checkKept(answer, digest);
    } catch (error) {
      // The first answer may be what was lost, not the blob.
      const gone = refusalOf(error)?.status === 404;
      if (!gone || !await findBlob(this.#place, digest, { signal })) throw error;
    }
  }

  /** Gives it up. The registry forgets it in time if this fails, so that is no error. */
  async cancel(): Promise<void> {
    try {
      const answer = await this.#call({ method: "DELETE", once: true, timeout: 5000 });
      await answer.discard();
    } catch {
      // Not reachable, perhaps for the same reason that made us give up.
    }
  }

  #call(call: Pick<Call, "method"> & Partial<Call>): Promise<Answer> {
    const { wire, push: scopes } = this.#place;
    return wire.call({ what: whatOf(this.#place), scopes, to: this.#location, ...call });
  }

  async #accept(answer: Answer, statuses: readonly number[]): Promise<void> {
    await ensure(answer, ...statuses);
    await answer.discard();
    this.#location = nextLocation(this.#place, answer) ?? this.#location;
  }
}

// ECR answers 201: https://github.com/jdx/mise/pull/11376
const taken: readonly number[] = [200, 201, 202, 204];

/** Asks for an upload, or for a mount. */
export function postUpload(
  place: Place,
  { query, signal, scopes = [] }: Options & { query: string; scopes?: readonly string[] },
): Promise<Answer> {
  return place.ask("POST", `blobs/uploads/${query}`, {
    what: whatOf(place),
    scopes: [...place.push, ...scopes],
    body: new Uint8Array(0),
    signal,
  });
}

function whatOf(place: Place): string {
  return `write a blob to ${place.name()}`;
}

/** Where an upload goes on. */
function nextLocation(place: Place, { url, headers }: Answer): URL | undefined {
  const location = headers.get("location");
  if (location === null) return undefined;
  // Some leave the scheme out: `registry.example.com/v2/…`.
  const whole = /^[a-z0-9][a-z0-9.-]*[.:][a-z0-9.:-]*\/v2\//i.test(location) ? `//${location}` : location;
  // Registries behind a proxy that speaks HTTPS do not always know of it.
  const upgraded = url.protocol === "https:" && whole.startsWith(`http://${url.host}/`)
    ? `https${whole.slice(4)}`
    : whole;
  return follow(url, upgraded, whatOf(place), place.wire.settings.trustedHosts);
}
