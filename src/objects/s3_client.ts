import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { type Environment, sleep } from "../http/environment.ts";
import { exchange } from "../http/exchange.ts";
import { redact } from "../http/redact.ts";
import type { HttpResponse } from "../http/response.ts";
import { defaultRetryPolicy, Tries, type TriesSettings } from "../http/retry.ts";
import { fetchTransport, type Transport } from "../http/transport.ts";
import { type AwsCredentials, type AwsRequest, AwsSigner, type SignedRequest } from "../http/sigv4.ts";
import { connectionFailureOf } from "../http/unreachable.ts";
import { element } from "../http/xml.ts";

/** Where a bucket is, and how it is reached. */
export interface S3Options {
  /** The name of the bucket. */
  bucket: string;
  /** The server, where it is not Amazon's: `http://localhost:9000`. */
  endpoint?: string | undefined;
  /** Default: `us-east-1`, until the bucket tells that it is in another one. */
  region?: string | undefined;
  /** Finds the keys; it is asked for every request, as they may be temporary. Without any, which is the default, requests are not signed. */
  credentials?: (() => AwsCredentials | undefined | Promise<AwsCredentials | undefined>) | undefined;
  /** Whether the bucket is part of the host's name, or else of the path. Default: only at Amazon. */
  virtualHost?: boolean | undefined;
  /** Sends requests. Default: `fetchTransport()`. */
  transport?: Transport | undefined;
  /** How often a request is tried again after transient failures. Default: 5. */
  retries?: number | undefined;
  /** Milliseconds that the server has to begin its answer, and to go on with it. Default: 30 000. */
  timeout?: number | undefined;
  /** Clock, randomness and waiting; tests replace them. */
  environment?: Partial<Environment> | undefined;
}

/** A request to the bucket. */
export interface S3Request extends Options {
  /** What is being done, for messages. */
  action: string;
  method: string;
  /** Empty for the bucket itself. */
  key: string;
  query?: Record<string, string> | undefined;
  headers?: Record<string, string> | undefined;
  body?: Bytes | undefined;
  /** Milliseconds that the answer may take to begin, if more than usual. */
  timeout?: number | undefined;
  /** The statuses that `use` knows what to do with, beside 2xx. */
  expected?: readonly number[] | undefined;
}

/** Milliseconds that a connection may take, and all tries of a call of which nothing comes: as with registries. */
const connectTimeout = 10_000, totalTimeout = 90_000;
/** How long a URL is good for, from which a client begins to read an object. */
const presignedSeconds = 600;
/**
 * Words for what may be otherwise in a moment, whatever the status. versitygw says the last one while it removes a
 * directory that has become empty.
 */
const transientCodes: readonly string[] = [
  "ConditionalRequestConflict",
  "RequestTimeout",
  "ExistingObjectIsDirectory",
];
/** Bytes of an error or another small answer. */
const answerLimit = 128 * 1024;

/** Signs requests to one bucket, sends them, and sends them again after transient failures. */
export class S3Client {
  readonly name: string;
  /** The name of the bucket alone. */
  readonly bucket: string;
  readonly #tries: TriesSettings;
  readonly #options: S3Options;
  #region: string;
  #base: URL;
  readonly #transport: Transport;
  readonly #signer = new AwsSigner();

  constructor(options: S3Options) {
    const { bucket, region = "us-east-1", endpoint } = options;
    if (!/^[a-z0-9][a-z0-9._-]{1,254}$/i.test(bucket)) {
      throw new GantryError("invalid-name", `open bucket ${JSON.stringify(bucket)}: not a bucket's name`);
    }
    const server = addressOf(options, region);
    if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
      throw new GantryError(
        "invalid-name",
        `open bucket ${bucket}: ${JSON.stringify(endpoint)} is no address`,
      );
    }
    this.#region = region;
    this.#base = baseOf(options, region);
    this.bucket = bucket;
    this.name = `s3://${bucket} at ${this.#base.host}`;
    this.#tries = {
      retry: { ...defaultRetryPolicy, retries: options.retries ?? 5 },
      timeouts: { total: totalTimeout },
      environment: { now: Date.now, random: Math.random, sleep, ...options.environment },
    };
    this.#options = options;
    this.#transport = options.transport ?? fetchTransport();
  }

  /**
   * Sends a request and makes something of the response. `use` is called again when it fails for a transient reason; it
   * is told whether a request before this one may have been carried out although its answer did not arrive.
   */
  async send<T>(
    request: S3Request,
    use: (response: HttpResponse, uncertain: boolean) => Promise<T>,
  ): Promise<T> {
    const tries = this.tries();
    let uncertain = false, moved = false;
    for (;;) {
      const region = this.#region;
      let headers: Headers | undefined;
      try {
        const response = await this.#sendOnce(request);
        if (response.status < 300 || request.expected?.includes(response.status)) {
          return await use(response, uncertain);
        }
        headers = response.headers;
        throw await errorFrom(response);
      } catch (error) {
        const { signal } = request;
        if (signal?.aborted) throw error;
        const right = regionIn(headers) ?? region;
        if (right !== region && !moved) {
          moved = true;
          [this.#region, this.#base] = [right, baseOf(this.#options, right)];
          continue;
        }
        if (!isTransient(error) || !await tries.again({ headers, signal })) throw error;
        uncertain = true;
      }
    }
  }

  /** Counts the tries of one call. */
  tries(): Tries {
    return new Tries(this.#tries);
  }

  /** Waits so many milliseconds. */
  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    await this.#tries.environment.sleep(milliseconds, signal);
  }

  /** The time by our own clock. */
  now(): number {
    return this.#tries.environment.now();
  }

  /** The URL at which whoever has it may read an object for some minutes. */
  async presigned(key: string, { signal }: Options): Promise<string> {
    signal?.throwIfAborted();
    const request = { method: "GET", url: this.#urlOf(key), headers: new Headers() };
    return (await this.#sign({ ...request, expires: presignedSeconds })).url.href;
  }

  #urlOf(key: string, query: Record<string, string> = {}): URL {
    const url = new URL(this.#base);
    if (key !== "") url.pathname = `${url.pathname.replace(/\/$/, "")}/${encodeKey(key)}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  async #sign(request: Pick<AwsRequest, "method" | "url" | "headers" | "expires">): Promise<SignedRequest> {
    const keys = await this.#options.credentials?.();
    if (!keys) return request;
    const signed = { ...request, service: "s3", region: this.#region, now: this.now() };
    return await this.#signer.sign(signed, keys);
  }

  async #sendOnce(request: S3Request): Promise<HttpResponse> {
    const { action, method, key, query, headers, body, timeout: patience = 0, signal } = request;
    signal?.throwIfAborted();
    const url = this.#urlOf(key, query);
    const { timeout = 30_000 } = this.#options;
    const signed = await this.#sign({ method, url, headers: new Headers(headers) });
    // Compressed on the way, bytes could be neither counted nor gone on with. It is not signed, as `fetch` says it once
    // more where there is a range: https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
    signed.headers.set("accept-encoding", "identity");
    return await exchange(this.#transport, {
      what: `${action} in ${this.name}`,
      ...signed,
      method,
      body,
      connectTimeout,
      responseTimeout: Math.max(timeout, patience),
      idleTimeout: timeout,
      errorLimit: answerLimit,
      signal,
    });
  }
}

/** The region that a bucket is in, which it tells whoever takes it to be in another one. */
function regionIn(headers: Headers | undefined): string | undefined {
  const told = headers?.get("x-amz-bucket-region");
  return told && /^[a-z0-9-]{1,63}$/i.test(told) ? told : undefined;
}

function addressOf({ endpoint }: S3Options, region: string): string {
  return endpoint ?? `https://s3.${region}.amazonaws.com`;
}

/** The URL of the bucket. */
function baseOf(options: S3Options, region: string): URL {
  const { bucket, endpoint, virtualHost } = options;
  const base = new URL(addressOf(options, region));
  // A dot would not be covered by Amazon's certificate.
  if (virtualHost ?? (endpoint === undefined && !bucket.includes("."))) {
    base.host = `${bucket}.${base.host}`;
  } else base.pathname = `${base.pathname.replace(/\/+$/, "")}/${bucket}`;
  return base;
}

/** A key as it stands in a path. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

/** A small answer, as text. */
export async function textOf(response: HttpResponse, limit: number = answerLimit): Promise<string> {
  return new TextDecoder().decode(await response.bytes(limit));
}

/** What a bucket said when it refused a request: the `cause` of our error. */
interface S3Error {
  status: number;
  /** Its word for the reason, such as `NoSuchUpload`. */
  code: string;
}

/** The error that a response stands for. Reads its body. */
export async function errorFrom(response: HttpResponse): Promise<GantryError> {
  return errorOf(response, await textOf(response).catch(() => ""));
}

/** The error that a response with this body stands for. */
export function errorOf({ status, what }: HttpResponse, xml: string): GantryError {
  const cause: S3Error = { status, code: element(xml, "Code") ?? "" };
  const said = [cause.code, redact(element(xml, "Message") ?? "")].filter((text) => text !== "").join(": ");
  const passing = isTransient({ cause });
  const known = { 429: "rate-limited", 501: "unsupported" } as const;
  const code = known[status as 501] ?? (passing || status >= 500 ? "unavailable" : "storage");
  return new GantryError(code, `${what}: ${status} ${said || code}`, { cause });
}

/** The bucket's word for why it refused, if it did. */
export function refusal(error: unknown): string | undefined {
  return causeOf(error)?.code;
}

function causeOf(error: unknown): S3Error | undefined {
  const { cause } = error as { cause?: unknown };
  return typeof cause === "object" && cause !== null && "status" in cause ? cause as S3Error : undefined;
}

/** Whether a connection fails for a reason that stays. */
function isLasting(reason: string | undefined): boolean {
  return reason === "certificate" || reason === "no-tls" || reason === "no-address";
}

/** Whether an error may be gone in a moment: of the connection, or with a transient status. */
export function isTransient(error: unknown): boolean {
  const cause = causeOf(error);
  // An error may come with the status 200, when the server had to begin its answer before it was done.
  if (!cause) return GantryError.is(error, "unavailable") && !isLasting(connectionFailureOf(error)?.reason);
  return defaultRetryPolicy.statuses.includes(cause.status) || transientCodes.includes(cause.code) ||
    (cause.status === 200 && cause.code !== "");
}
