import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import type { Keychain } from "./chain.ts";
import {
  type AccessToken,
  accessTokenIn,
  type AccessTokenSource,
  askCloud,
  type CloudOptions,
} from "./cloud.ts";
import { Expiring } from "./refreshing.ts";

/** Domains of Google's own, whole: whoever names an image must not choose who gets a token. */
const registries = /^(?:[a-z0-9-]+\.)*(?:gcr\.io|pkg\.dev|google\.com)$/;
const scope = "https://www.googleapis.com/auth/cloud-platform";

/**
 * The credentials for Google's registries, `gcr.io` and `REGION-docker.pkg.dev`, with access tokens from one of
 * {@link googleKey}, {@link googleMetadata}, or elsewhere.
 *
 * @example
 * ```ts
 * import { google, googleMetadata, registry } from "@gantry/oci/edge";
 *
 * const app = registry("europe-docker.pkg.dev/acme/images/app", { credentials: google(googleMetadata()) });
 * console.log(app.registry);
 * ```
 */
export function google(source: AccessTokenSource, { now }: Pick<CloudOptions, "now"> = {}): Keychain {
  const token = tokenOf(source, now);
  return async ({ registry }) =>
    isGoogleRegistry(registry) ? { username: "oauth2accesstoken", password: await token.get() } : undefined;
}

/** Whether a registry is Google's. */
export function isGoogleRegistry(registry: string): boolean {
  return registries.test(registry);
}

/** Keeps the token of a source as long as it is valid. */
function tokenOf(source: AccessTokenSource, now?: () => number): Expiring<string> {
  return new Expiring(async () => {
    const { token, expires } = await source();
    return { value: token, expires };
  }, now);
}

/**
 * Access tokens for a key of Google's: that of a service account, whose JWT is signed here, or that of a user, as
 * `gcloud auth application-default login` leaves it.
 *
 * @param key The JSON document of the key.
 * @throws {GantryError} `invalid-document` for what is no such key.
 */
export function googleKey(key: Uint8Array | string, options: CloudOptions = {}): AccessTokenSource {
  const fields = parseJson(typeof key === "string" ? utf8(key) : key, "Google's key") as Record<
    string,
    string
  >;
  const { type, token_uri: to = "https://oauth2.googleapis.com/token" } = fields ?? {};
  const url = String(to);
  if (!url.startsWith("https://")) {
    throw new GantryError("invalid-document", "read Google's key: its token_uri is not an https address");
  }
  const what = "get an access token from Google";
  const ask = async (body: Record<string, string>): Promise<AccessToken> =>
    accessTokenIn(await askCloud({ what, url, body, ...options }), what, options.now);
  const need = (name: string): string => {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
    throw new GantryError("invalid-document", `read Google's key: there is no ${JSON.stringify(name)} in it`);
  };
  if (type === "authorized_user") {
    const [id, secret, token] = [need("client_id"), need("client_secret"), need("refresh_token")];
    return () =>
      ask({ grant_type: "refresh_token", client_id: id, client_secret: secret, refresh_token: token });
  }
  if (type !== "service_account") {
    throw new GantryError(
      "unsupported",
      `read Google's key: keys of type ${JSON.stringify(type)} are not known`,
    );
  }
  const [email, pem, id] = [need("client_email"), need("private_key"), fields["private_key_id"]];
  return async () => {
    const now = Math.floor((options.now ?? Date.now)() / 1000);
    const claims = { iss: email, scope, aud: url, iat: now, exp: now + 3600 };
    return await ask({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: await signedJwt({ alg: "RS256", typ: "JWT", ...(id && { kid: id }) }, claims, pem),
    });
  };
}

/**
 * Access tokens of the service account under which a machine or function of Google's runs.
 *
 * @param options `host` is where the metadata server is, for emulators.
 */
export function googleMetadata(
  options: CloudOptions & { host?: string | undefined } = {},
): AccessTokenSource {
  const { host = "metadata.google.internal", ...rest } = options;
  const what = `get an access token from ${host}`;
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
  const headers = { "metadata-flavor": "Google" };
  return async () => accessTokenIn(await askCloud({ what, url, headers, ...rest }), what, rest.now);
}

/** RFC 7515, with RSA and SHA-256. */
async function signedJwt(header: object, claims: object, pem: string): Promise<string> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const signed = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  try {
    const der = Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (byte) => byte.charCodeAt(0));
    const key = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
    const signature = await crypto.subtle.sign(algorithm.name, key, utf8(signed));
    return `${signed}.${base64url(new Uint8Array(signature))}`;
  } catch {
    throw new GantryError("invalid-document", "read Google's key: its private_key is no RSA key in PKCS #8");
  }
}

function base64url(bytes: Uint8Array): string {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
