import { utf8 } from "../bytes.ts";
import type { Credentials } from "../content/credentials.ts";
import { GantryError } from "../errors.ts";
import { type AwsCredentials, AwsSigner } from "../http/sigv4.ts";
import type { JsonObject } from "../spec/json.ts";
import type { Keychain } from "./chain.ts";
import { askCloud, type CloudOptions, stringIn } from "./cloud.ts";
import { Expiring } from "./refreshing.ts";

/** Keys of AWS, or what gets them each time they are needed, as those of a role change; undefined where there are none. */
export type AwsCredentialsSource = AwsCredentials | (() => Promise<AwsCredentials | undefined>);

/** Where a registry's tokens come from. */
interface Api {
  host: string;
  region: string;
  service: string;
  target: string;
}

/** Whole names: whoever names an image must not choose who gets a token. */
const registries =
  /^\d{12}\.dkr[.-]ecr(-fips)?\.([a-z]{2,4}(?:-[a-z]+)+-\d+)\.(amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;

/**
 * The credentials for Amazon's registries, `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and `public.ecr.aws`. They hold for half a
 * day and are got anew when they end.
 *
 * @example
 * ```ts
 * import { ecr, registry } from "@gantry/oci/edge";
 *
 * const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
 * const app = registry("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", { credentials: ecr(keys) });
 * console.log(app.registry);
 * ```
 */
export function ecr(keys: AwsCredentialsSource, options: CloudOptions = {}): Keychain {
  const logins = new Map<string, Expiring<Credentials | undefined>>();
  const signer = new AwsSigner();
  return async ({ registry }) => {
    const api = apiOf(registry);
    if (!api) return undefined;
    let login = logins.get(api.host);
    if (!login) {
      logins.set(
        api.host,
        login = new Expiring(() => logIn(api, keys, signer, options), options.now),
      );
    }
    return await login.get();
  };
}

// https://docs.aws.amazon.com/general/latest/gr/ecr.html
function apiOf(registry: string): Api | undefined {
  if (registry === "public.ecr.aws" || registry === "ecr-public.aws.com") {
    const target = "SpencerFrontendService.GetAuthorizationToken";
    return {
      host: "api.ecr-public.us-east-1.amazonaws.com",
      region: "us-east-1",
      service: "ecr-public",
      target,
    };
  }
  const [, fips = "", region, suffix] = registries.exec(registry) ?? [];
  if (region === undefined) return undefined;
  const ending =
    { "on.aws": "api.aws", "on.amazonwebservices.com.cn": "api.amazonwebservices.com.cn" }[suffix!] ??
      suffix!;
  const name = fips ? "ecr-fips" : ending.startsWith("api.") ? "ecr" : "api.ecr";
  const target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
  return { host: `${name}.${region}.${ending}`, region, service: "ecr", target };
}

async function logIn(
  api: Api,
  keys: AwsCredentialsSource,
  signer: AwsSigner,
  { now = Date.now, transport }: CloudOptions,
): Promise<{ value: Credentials | undefined; expires: number }> {
  const what = `get a login from ${api.host}`;
  const url = new URL(`https://${api.host}/`);
  const body = utf8("{}");
  const found = typeof keys === "function" ? await keys() : keys;
  if (!found) return { value: undefined, expires: now() + 60_000 };
  const headers = new Headers({ "content-type": "application/x-amz-json-1.1", "x-amz-target": api.target });
  const { service, region } = api;
  const request = { method: "POST", url, headers, body, service, region, now: now() };
  const signed = Object.fromEntries((await signer.sign(request, found)).headers);
  const answer = await askCloud({ what, url: url.href, headers: signed, body, transport });
  // A list for the private ones, one object for the public one.
  const [data] = [answer["authorizationData"]].flat() as (JsonObject | undefined)[];
  const decoded = decode(stringIn(data ?? {}, "authorizationToken", what));
  const colon = decoded?.indexOf(":") ?? -1;
  if (!decoded || colon < 0) {
    throw new GantryError(
      "invalid-document",
      `${what}: the authorizationToken is not base64 of a name and a password`,
    );
  }
  // Seconds since 1970 by Amazon's clock. Ours may go wrong, so a token is never kept for more than the twelve hours it has.
  const left = Number(data!["expiresAt"]) * 1000 - now();
  const kept = left > 0 ? Math.min(left, 12 * 3_600_000) - 300_000 : 60_000;
  return {
    value: { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) },
    expires: now() + kept,
  };
}

function decode(base64: string): string | undefined {
  try {
    return atob(base64);
  } catch {
    return undefined;
  }
}
