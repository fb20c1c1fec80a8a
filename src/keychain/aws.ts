import { type Bytes, utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { exchange } from "../http/exchange.ts";
import { redact } from "../http/redact.ts";
import type { AwsCredentials } from "../http/sigv4.ts";
import { fetchTransport } from "../http/transport.ts";
import { element } from "../http/xml.ts";
import { type CloudOptions, objectIn, stringIn } from "./cloud.ts";
import { Expiring } from "./refreshing.ts";

/** Where the keys of a container come from. */
export interface AwsContainerOptions extends CloudOptions {
  /** What `AWS_CONTAINER_CREDENTIALS_FULL_URI` says: an https URL, or one of this machine or of the container's host. */
  url: string;
  /** What is sent as `Authorization`, or what reads it each time it is needed. */
  authorization?: string | (() => Promise<string>) | undefined;
  /** Milliseconds that it has to answer. Default: 1000. */
  timeout?: number | undefined;
}

/** Where the keys of a machine come from. */
export interface AwsInstanceOptions extends CloudOptions {
  /** Where the metadata service is. Default: `http://169.254.169.254`. */
  endpoint?: string | undefined;
  /** Milliseconds that it has for each answer. Default: 1000, as where there is none nothing may answer at all. */
  timeout?: number | undefined;
}

const mostBytes = 65_536;
/** Keys are got anew so many milliseconds before they expire; where new ones are not to be had yet, the old ones do. */
const early = 5 * 60_000;

/**
 * The keys of the role under which a container or pod runs: Amazon ECS, EKS Pod Identity and what is like them. They are
 * got anew before they expire.
 *
 * @throws {GantryError} `invalid-argument` for a URL to which keys of others could be sent in clear text.
 *
 * @example
 * ```ts
 * import { awsContainer, ecr, registry } from "@gantry/oci/edge";
 *
 * const keys = awsContainer({ url: "http://169.254.170.2/v2/credentials/id" });
 * const app = registry("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", { credentials: ecr(keys) });
 * console.log(app.registry);
 * ```
 */
export function awsContainer(options: AwsContainerOptions): () => Promise<AwsCredentials> {
  const { url, authorization, ...rest } = options;
  const what = "get AWS keys of this container";
  if (!isNear(url)) {
    const problem = `${JSON.stringify(url)} is neither https nor on this machine`;
    throw new GantryError("invalid-argument", `${what}: ${problem}`);
  }
  return refreshed(async () => {
    const token = typeof authorization === "function" ? await authorization() : authorization;
    // A line feed at the end of a file is no part of it.
    const headers = { ...(token && { authorization: token.trim() }) };
    return keysIn(await ask(what, url, { headers }, rest), what);
  }, rest);
}

/**
 * The keys of the role of an EC2 machine, from its metadata service, version 2. They are got anew before they expire.
 *
 * @example
 * ```ts
 * import { awsInstance, ecr, registry } from "@gantry/oci/edge";
 *
 * const repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app";
 * console.log(registry(repository, { credentials: ecr(awsInstance()) }).registry);
 * ```
 */
export function awsInstance(options: AwsInstanceOptions = {}): () => Promise<AwsCredentials> {
  const { endpoint = "http://169.254.169.254", ...rest } = options;
  const what = "get AWS keys of this machine";
  const base = `${endpoint.replace(/\/+$/, "")}/latest`;
  const roles = `${base}/meta-data/iam/security-credentials/`;
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
  return refreshed(async () => {
    const begin = { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": "300" } };
    const headers = { "x-aws-ec2-metadata-token": await ask(what, `${base}/api/token`, begin, rest) };
    const [role = ""] = (await ask(what, roles, { headers }, rest)).split("\n");
    return keysIn(await ask(what, roles + encodeURIComponent(role.trim()), { headers }, rest), what);
  }, rest);
}

/** Whether what is sent to a URL is seen by nobody else. */
function isNear(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return true;
  // Of ECS, of EKS, and loopback: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
  const near = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]", "localhost"];
  return protocol === "http:" && (near.includes(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname));
}

/** Keys, and when they expire, in milliseconds since 1970. */
export interface Keys {
  value: AwsCredentials;
  expires: number;
}

/** Keys that are fetched before they expire; while new ones are not to be had, those that are still valid are given. */
export function refreshed(
  fetch: () => Promise<Keys>,
  { now = Date.now }: CloudOptions,
): () => Promise<AwsCredentials> {
  let last: Keys | undefined;
  const held = new Expiring(async () => {
    try {
      const { value, expires } = last = await fetch();
      return { value, expires: expires - early };
    } catch (error) {
      if (!last || last.expires <= now()) throw error;
      return { value: last.value, expires: Math.min(last.expires, now() + 30_000) };
    }
  }, now);
  return () => held.get();
}

function keysIn(text: string, what: string): Keys {
  const answer = objectIn(utf8(text), what);
  return keysOf((name) => stringIn(answer, name, what), "Token", what);
}

/** The keys that an answer has, by what finds its fields, of which one holds the token of the session. */
export function keysOf(field: (name: string) => string, token: string, what: string): Keys {
  const value = {
    accessKeyId: field("AccessKeyId"),
    secretAccessKey: field("SecretAccessKey"),
    sessionToken: field(token),
  };
  const expires = Date.parse(field("Expiration"));
  if (!Number.isNaN(expires)) return { value, expires };
  throw new GantryError("invalid-document", `${what}: the answer does not say when they expire`);
}

/** Asks a service for keys, and gives what it answers; a refusal is an error that holds no secret. */
export async function ask(
  what: string,
  url: string,
  { method = "GET", headers, body }: { method?: string; headers: Record<string, string>; body?: Bytes },
  { transport, timeout = 1_000 }: CloudOptions & { timeout?: number | undefined },
): Promise<string> {
  const response = await exchange(transport ?? fetchTransport(), {
    what,
    url: new URL(url),
    method,
    headers: new Headers(headers),
    body,
    connectTimeout: timeout,
    responseTimeout: timeout,
    idleTimeout: timeout,
    errorLimit: mostBytes,
  });
  const text = new TextDecoder().decode(await response.bytes(mostBytes));
  if (response.status === 200) return text;
  const code = { 400: "unauthorized", 401: "unauthorized", 403: "denied", 404: "not-found" } as const;
  const said = element(text, "Message") ?? text;
  throw new GantryError(
    code[response.status as 404] ?? "unavailable",
    `${what}: ${response.status} ${redact(said.slice(0, 200))}`.trim(),
  );
}
