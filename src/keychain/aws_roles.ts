import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { type AwsCredentials, AwsSigner } from "../http/sigv4.ts";
import { requiredElement } from "../http/xml.ts";
import { ask, keysOf, refreshed } from "./aws.ts";
import type { CloudOptions } from "./cloud.ts";
import type { AwsCredentialsSource } from "./ecr.ts";

/** A role that is to be taken on, and where. */
export interface AwsRole extends CloudOptions {
  /** The role: `arn:aws:iam::123456789012:role/app`. */
  role: string;
  /** What the session is called in Amazon's logs. Default: `gantry`. */
  session?: string | undefined;
  /** The region that is asked. Default: the address for all of them. */
  region?: string | undefined;
  /** The server that is asked, where it is not Amazon's. */
  endpoint?: string | undefined;
  /** Milliseconds that it has to answer. Default: 15 000. */
  timeout?: number | undefined;
}

/** Where the keys of a role come from that is taken on with other keys. */
export interface AwsAssumeRoleOptions extends AwsRole {
  /** The keys that may take on the role. */
  keys: AwsCredentialsSource;
  /** What the owner of the role wants to hear from those of other accounts. */
  externalId?: string | undefined;
}

/** Where the keys of a role come from that is taken on with a token. */
export interface AwsWebIdentityOptions extends AwsRole {
  /** The token, or what reads it each time it is needed: it is renewed while a program runs. */
  token: string | (() => Promise<string>);
}

/**
 * The keys of a role that other keys may take on. They are got anew before they expire.
 *
 * @throws {GantryError} `invalid-argument` for an endpoint to which keys could be sent in clear text.
 *
 * @example
 * ```ts
 * import { awsAssumeRole, ecr, registry } from "@gantry/oci/edge";
 *
 * const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
 * const role = awsAssumeRole({ role: "arn:aws:iam::123456789012:role/ci", keys });
 * const app = registry("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", { credentials: ecr(role) });
 * console.log(app.registry);
 * ```
 */
export function awsAssumeRole(options: AwsAssumeRoleOptions): () => Promise<AwsCredentials> {
  const { keys, externalId, role, region = "us-east-1", now = Date.now } = options;
  const signer = new AwsSigner();
  const fields = { Action: "AssumeRole", ...(externalId !== undefined && { ExternalId: externalId }) };
  return takeOn(options, async () => {
    const found = typeof keys === "function" ? await keys() : keys;
    if (!found) throw new GantryError("not-found", `take on the role ${role}: there are no keys to do so`);
    const sign = async (url: URL, headers: Headers, body: Uint8Array<ArrayBuffer>) => {
      const request = { method: "POST", url, headers, body, service: "sts", region, now: now() };
      return (await signer.sign(request, found)).headers;
    };
    return { fields, sign };
  });
}

/**
 * The keys of a role that whoever has the right token may take on: a pod of Kubernetes by its service account, a job of CI
 * by OpenID Connect. They are got anew before they expire.
 *
 * @throws {GantryError} `invalid-argument` for an endpoint to which the token could be sent in clear text.
 *
 * @example
 * ```ts
 * import { awsWebIdentity, ecr, registry } from "@gantry/oci/edge";
 *
 * const keys = awsWebIdentity({ role: "arn:aws:iam::123456789012:role/ci", token: "eyJh…" });
 * const app = registry("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", { credentials: ecr(keys) });
 * console.log(app.registry);
 * ```
 */
export function awsWebIdentity(options: AwsWebIdentityOptions): () => Promise<AwsCredentials> {
  const { token } = options;
  return takeOn(options, async () => {
    const text = (typeof token === "function" ? await token() : token).trim();
    return { fields: { Action: "AssumeRoleWithWebIdentity", WebIdentityToken: text } };
  });
}

/** What proves that the role may be taken on. */
interface Proof {
  fields: Record<string, string>;
  sign?: (url: URL, headers: Headers, body: Uint8Array<ArrayBuffer>) => Promise<Headers>;
}

function takeOn(options: AwsRole, prove: () => Promise<Proof>): () => Promise<AwsCredentials> {
  const { role, session = "gantry", region, endpoint, timeout = 15_000, transport, now } = options;
  const what = `get AWS keys of the role ${role}`;
  const url = endpoint ?? serviceOf(region);
  if (!URL.canParse(url) || !isSecret(new URL(url))) {
    throw new GantryError("invalid-argument", `${what}: ${JSON.stringify(url)} is not an https URL`);
  }
  return refreshed(async () => {
    const { fields, sign } = await prove();
    const form = { ...fields, Version: "2011-06-15", RoleArn: role, RoleSessionName: session };
    const body = utf8(new URLSearchParams(form).toString());
    const plain = new Headers({ "content-type": "application/x-www-form-urlencoded" });
    const headers = Object.fromEntries(await sign?.(new URL(url), plain, body) ?? plain);
    const xml = await ask(what, url, { method: "POST", headers, body }, { transport, timeout });
    return keysOf((name) => requiredElement(xml, name, what), "SessionToken", what);
  }, { now });
}

/** https://docs.aws.amazon.com/general/latest/gr/sts.html */
function serviceOf(region: string | undefined): string {
  if (region === undefined) return "https://sts.amazonaws.com/";
  return `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}

function isSecret({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
