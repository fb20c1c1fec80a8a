import { type Bytes, utf8 } from "../bytes.ts";

/** Keys of AWS. */
export interface AwsCredentials {
  /** Names the secret. */
  accessKeyId: string;
  /** What requests are signed with. It is sent nowhere. */
  secretAccessKey: string;
  /** For keys that a role has given for some time. */
  sessionToken?: string | undefined;
}

/** What is signed: a POST without a query. */
export interface AwsRequest {
  url: URL;
  headers: Record<string, string>;
  body: Bytes;
  service: string;
  region: string;
  /** In milliseconds since 1970. */
  now: number;
}

/**
 * The headers of a signed request, Signature Version 4.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function signAws(request: AwsRequest, keys: AwsCredentials): Promise<Record<string, string>> {
  const { url, body, service, region } = request;
  const time = new Date(request.now).toISOString().replace(/[:-]|\.\d+/g, "");
  const date = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    "x-amz-date": time,
    ...(keys.sessionToken && { "x-amz-security-token": keys.sessionToken }),
  };
  const signed = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => a < b ? -1 : 1);
  const names = signed.map(([name]) => name).join(";");
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join("");
  const canonical = ["POST", url.pathname, "", lines, names, await sha256(body)].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, await sha256(utf8(canonical))].join("\n");
  let key: Bytes = utf8(`AWS4${keys.secretAccessKey}`);
  for (const part of [date, region, service, "aws4_request"]) key = await hmac(key, part);
  const signature = hex(await hmac(key, toSign));
  const credential = `Credential=${keys.accessKeyId}/${scope}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

async function sha256(bytes: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

async function hmac(key: Bytes, text: string): Promise<Bytes> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
