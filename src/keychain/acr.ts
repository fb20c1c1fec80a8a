import type { Keychain } from "./chain.ts";
import { accessTokenIn, type AccessTokenSource, askCloud, type CloudOptions, stringIn } from "./cloud.ts";
import { Expiring } from "./refreshing.ts";

/** Whole names: whoever names an image must not choose who gets a token. */
const registries = /^[a-z0-9]+(?:-[a-z0-9]+)?\.azurecr\.(?:io|cn|us|de)$/;
/** Who logs in with a token has no name of its own. https://learn.microsoft.com/azure/container-registry/container-registry-authentication */
const username = "00000000-0000-0000-0000-000000000000";
/** The registry's refresh tokens hold for three hours. */
const kept = 2.5 * 3_600_000;

/**
 * The credentials for Azure's registries, `NAME.azurecr.io`: each gives a refresh token for an access token of Entra ID, from
 * {@link azureToken} or elsewhere.
 *
 * @example
 * ```ts
 * import { acr, azureToken, registry } from "@gantry/oci/edge";
 *
 * const token = azureToken({ tenantId: "contoso.com", clientId: "id", clientSecret: "secret" });
 * const app = registry("contoso.azurecr.io/app", { credentials: acr(token) });
 * console.log(app.registry);
 * ```
 */
export function acr(source: AccessTokenSource, options: CloudOptions = {}): Keychain {
  const { now = Date.now } = options;
  const tokens = new Map<string, Expiring<string>>();
  const refreshTokenFor = (registry: string) => async () => {
    const what = `get a login from ${registry}`;
    const { token } = await source();
    const body = { grant_type: "access_token", service: registry, access_token: token };
    const answer = await askCloud({ what, url: `https://${registry}/oauth2/exchange`, body, ...options });
    return { value: stringIn(answer, "refresh_token", what), expires: now() + kept };
  };
  return async ({ registry }) => {
    if (!registries.test(registry)) return undefined;
    let token = tokens.get(registry);
    if (!token) tokens.set(registry, token = new Expiring(refreshTokenFor(registry), now));
    return { username, password: await token.get() };
  };
}

/** An application of Entra ID, and how it proves itself. */
export interface AzureApplication {
  /** Where it belongs: an id or a domain. */
  tenantId: string;
  /** Its own id. */
  clientId: string;
  /** Its secret. */
  clientSecret?: string | undefined;
  /** In place of a secret: a token that the tenant trusts, such as that of a Kubernetes service account. */
  assertion?: (() => Promise<string>) | undefined;
  /** Default: `https://login.microsoftonline.com`. */
  authority?: string | undefined;
}

/** Access tokens of Entra ID for an application. */
export function azureToken(application: AzureApplication, options: CloudOptions = {}): AccessTokenSource {
  const { tenantId, clientId, clientSecret = "", assertion } = application;
  const authority = (application.authority ?? "https://login.microsoftonline.com").replace(/\/+$/, "");
  const url = `${authority}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`;
  const what = `get an access token for ${clientId}`;
  return async () => {
    const proof: Record<string, string> = assertion
      ? {
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: await assertion(),
      }
      : { client_secret: clientSecret };
    const body = {
      grant_type: "client_credentials",
      client_id: clientId,
      scope: "https://containerregistry.azure.net/.default",
      ...proof,
    };
    return accessTokenIn(await askCloud({ what, url, body, ...options }), what, options.now);
  };
}
