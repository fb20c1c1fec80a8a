import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { AwsCredentials } from "../http/sigv4.ts";
import { requiredElement } from "../http/xml.ts";
import { ask, keysOf, refreshed } from "./aws.ts";
import type { CloudOptions } from "./cloud.ts";

/** Where the keys of a role come from that is taken on with a token. */
export interface AwsWebIdentityOptions extends CloudOptions {
  /** The role: `arn:aws:iam::123456789012:role/app`. */
  role: string;
  /** The token, or what reads it each time it is needed: it is renewed while a program runs. */
  token: string | (() => Promise<string>);
  /** What the session is called in Amazon's logs. Default: `gantry`. */
  session?: string | undefined;
  /** The region that is asked. Default: the address for all of them. */
  region?: string | undefined;
  /** The server that is asked, where it is not Amazon's. */
  endpoint?: string | undefined;
  /** Milliseconds that it has to answer. Default: 15 000. */
  timeout?: number | undefined;
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
  const { role, token, session = "gantry", region, endpoint, timeout = 15_000, ...rest } = options;
  const what = `get AWS keys of the role ${role}`;
  const url = endpoint ?? serviceOf(region);
  if (!URL.canParse(url) || !isSecret(new URL(url))) {
    throw new GantryError("invalid-argument", `${what}: ${JSON.stringify(url)} is not an https URL`);
  }
  return refreshed(async () => {
    const form = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: role,
      RoleSessionName: session,
      WebIdentityToken: (typeof token === "function" ? await token() : token).trim(),
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const request = { method: "POST", headers, body: utf8(form.toString()) };
    const xml = await ask(what, url, request, { ...rest, timeout });
    return keysOf((name) => requiredElement(xml, name, what), "SessionToken", what);
  }, rest);
}

/** https://docs.aws.amazon.com/general/latest/gr/sts.html */
function serviceOf(region: string | undefined): string {
  if (region === undefined) return "https://sts.amazonaws.com/";
  return `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}

function isSecret({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
