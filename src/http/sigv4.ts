import { type Bytes, hex, utf8 } from "../bytes.ts";

/** Keys of AWS, or of a server that takes requests signed as AWS does. */
export interface AwsCredentials {
  /** Names the secret. */
  accessKeyId: string;
  /** What requests are signed with. It is sent nowhere. */
  secretAccessKey: string;
  /** For keys that a role has given for some time. */
  sessionToken?: string | undefined;
}

/** What is signed. */
export interface AwsRequest {
  method: string;
  url: URL;
  /** All of them are signed. */
  headers: Headers;
  /** What it sends; undefined where the hash of that is not to be signed, which S3 alone allows. */
  body?: Bytes | undefined;
  service: string;
  region: string;
  /** In milliseconds since 1970. */
  now: number;
  /** Seconds for which the URL itself is signed, for somebody who has no keys. Default: headers are signed. */
  expires?: number | undefined;
}

/** A signed request. */
export interface SignedRequest {
  url: URL;
  headers: Headers;
}

const algorithm = "AWS4-HMAC-SHA256";
const unsigned = "UNSIGNED-PAYLOAD";
/** Keys derived for a day, a region and a service, of which there are few. */
const mostDerived = 16;

/** Signs requests with Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
export class AwsSigner {
  /** What was derived from a secret costs four hashes each time. */
  readonly #derived = new Map<string, Promise<CryptoKey>>();

  /** The same request, signed. */
  async sign(request: AwsRequest, keys: AwsCredentials): Promise<SignedRequest> {
    const { method, service, region, now, expires, body } = request;
    const url = new URL(request.url), headers = new Headers(request.headers);
    const time = new Date(now).toISOString().replace(/[:-]|\.\d+/g, "");
    const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
    const inQuery = expires !== undefined;
    const set = (name: string, value: string) =>
      inQuery ? url.searchParams.set(name, value) : headers.set(name, value);
    set("X-Amz-Date", time);
    if (keys.sessionToken) set("X-Amz-Security-Token", keys.sessionToken);
    const payload = inQuery || !body && service === "s3" ? unsigned : await sha256(body ?? new Uint8Array(0));
    // S3 wants to know before it has read the body.
    if (service === "s3" && !inQuery) headers.set("X-Amz-Content-Sha256", payload);
    const signed = [...headers, ["host", url.host] as const]
      .map(([name, value]) => [name, value.trim().replace(/ +/g, " ")] as const)
      .sort(([a], [b]) => a < b ? -1 : 1);
    const names = signed.map(([name]) => name).join(";");
    if (inQuery) {
      set("X-Amz-Algorithm", algorithm);
      set("X-Amz-Credential", `${keys.accessKeyId}/${scope}`);
      set("X-Amz-Expires", String(expires));
      set("X-Amz-SignedHeaders", names);
    }
    const canonical = [
      method,
      canonicalPath(url, service),
      canonicalQuery(url),
      ...signed.map(([name, value]) => `${name}:${value}`),
      "",
      names,
      payload,
    ].join("\n");
    const toSign = [algorithm, time, scope, await sha256(utf8(canonical))].join("\n");
    const key = await this.#keyFor(scope, keys);
    const signature = hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(toSign))));
    if (inQuery) set("X-Amz-Signature", signature);
    else {
      const credential = `Credential=${keys.accessKeyId}/${scope}`;
      headers.set(
        "authorization",
        `${algorithm} ${credential}, SignedHeaders=${names}, Signature=${signature}`,
      );
    }
    return { url, headers };
  }

  #keyFor(scope: string, { secretAccessKey }: AwsCredentials): Promise<CryptoKey> {
    const name = `${scope} ${secretAccessKey}`;
    let key = this.#derived.get(name);
    if (!key) {
      if (this.#derived.size >= mostDerived) this.#derived.clear();
      this.#derived.set(name, key = derive(scope, secretAccessKey));
    }
    return key;
  }
}

async function derive(scope: string, secret: string): Promise<CryptoKey> {
  let key = await hmacKey(utf8(`AWS4${secret}`));
  for (const part of scope.split("/")) {
    key = await hmacKey(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(part))));
  }
  return key;
}

/** S3 takes the path as it stands; others encode once more what is encoded. */
function canonicalPath({ pathname }: URL, service: string): string {
  const once = pathname.split("/").map((part) => encode(decodeURIComponent(part))).join("/");
  return service === "s3" ? once : once.split("/").map(encode).join("/");
}

function canonicalQuery({ searchParams }: URL): string {
  const pairs = [...searchParams].map(([name, value]) => [encode(name), encode(value)] as const);
  return pairs.sort(([a, x], [b, y]) => a < b || (a === b && x < y) ? -1 : 1)
    .map((pair) => pair.join("=")).join("&");
}

/** RFC 3986: `encodeURIComponent` leaves a few more as they are. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function sha256(bytes: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function hmacKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}
