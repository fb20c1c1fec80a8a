import { access, constants, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { Once } from "../content/once.ts";
import { GantryError } from "../errors.ts";
import { acr, azureToken } from "./acr.ts";
import { awsDefault } from "./aws_default.ts";
import { chain, type Keychain } from "./chain.ts";
import type { AccessTokenSource, CloudOptions } from "./cloud.ts";
import { homeOf, readIfThere } from "./config_file.ts";
import { dockerAuthConfig, dockerConfigFile } from "./docker_config.ts";
import { ecr } from "./ecr.ts";
import { gcloud } from "./gcloud.ts";
import { github } from "./github.ts";
import { google, googleKey, googleMetadata, isGoogleRegistry } from "./google.ts";
import type { HelperOptions, Variables } from "./execute.ts";
import { podmanAuth } from "./podman_auth.ts";
import { regctlConfig } from "./regctl_config.ts";

/** Options of {@link defaultKeychain}. */
export interface DefaultKeychainOptions extends HelperOptions, CloudOptions {
  /**
   * Is told what kept one of the keychains from answering, and the next one is asked. Default: it is thrown.
   */
  onProblem?: ((error: unknown) => void) | undefined;
}

/**
 * The keychain of the `gantry` command: what Docker, podman and regctl keep, then what the environment holds for GitHub, Google,
 * Amazon and Azure. Clouds are asked only about their own registries, and only where the environment says so:
 * `GITHUB_TOKEN`; `GOOGLE_APPLICATION_CREDENTIALS` and the other places of Google's own programs; where {@link awsDefault}
 * finds keys of Amazon; `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` or `AZURE_FEDERATED_TOKEN_FILE`.
 *
 * @example
 * ```ts
 * import { defaultKeychain } from "@gantry/oci/keychain";
 * import { registry } from "@gantry/oci/registry";
 *
 * const app = registry("ghcr.io/acme/app", { credentials: defaultKeychain() });
 * console.log(app.registry);
 * ```
 */
export function defaultKeychain(options: DefaultKeychainOptions = {}): Keychain {
  const { onProblem } = options;
  const all = [
    dockerAuthConfig(options),
    dockerConfigFile(options),
    podmanAuth(options),
    regctlConfig(options),
    ...cloudKeychains(options),
  ];
  if (!onProblem) return chain(...all);
  return chain(...all.map((keychain): Keychain => async (request) => {
    try {
      return await keychain(request);
    } catch (error) {
      onProblem(error);
      return undefined;
    }
  }));
}

function cloudKeychains(options: DefaultKeychainOptions): Keychain[] {
  const { env = process.env } = options;
  const found: Keychain[] = [googleDefault(options)];
  const { GITHUB_TOKEN, GITHUB_ACTOR } = env;
  if (GITHUB_TOKEN) found.push(github({ token: GITHUB_TOKEN, actor: GITHUB_ACTOR }));
  found.push(ecr(awsDefault(options), options));
  const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE: file } = env;
  if (AZURE_TENANT_ID && AZURE_CLIENT_ID && (AZURE_CLIENT_SECRET || file)) {
    const application = {
      tenantId: AZURE_TENANT_ID,
      clientId: AZURE_CLIENT_ID,
      clientSecret: AZURE_CLIENT_SECRET,
      assertion: AZURE_CLIENT_SECRET || !file ? undefined : () => readFile(file, "utf8"),
      authority: env["AZURE_AUTHORITY_HOST"] || undefined,
    };
    found.push(acr(azureToken(application, options), options));
  }
  return found;
}

/** What Google's own programs use, looked for when one of its registries asks for a login. */
function googleDefault(options: DefaultKeychainOptions): Keychain {
  const found = new Once(async () => {
    const source = await googleSource(options);
    return source && google(source, options);
  });
  return async (request) =>
    isGoogleRegistry(request.registry) ? await (await found.get())?.(request) : undefined;
}

// https://cloud.google.com/docs/authentication/application-default-credentials
async function googleSource(options: DefaultKeychainOptions): Promise<AccessTokenSource | undefined> {
  const { env = process.env } = options;
  const settings = env["CLOUDSDK_CONFIG"] || join(env["APPDATA"] || join(homeOf(env), ".config"), "gcloud");
  const named = env["GOOGLE_APPLICATION_CREDENTIALS"];
  const path = named || join(settings, "application_default_credentials.json");
  const key = await readIfThere(path);
  if (named && !key) {
    const problem = "GOOGLE_APPLICATION_CREDENTIALS names a file that is not there";
    throw new GantryError("not-found", `read ${JSON.stringify(path)}: ${problem}`);
  }
  if (key) return googleKey(key, options);
  const host = env["GCE_METADATA_HOST"];
  if (host || env["K_SERVICE"] || await isGoogleMachine()) return googleMetadata({ ...options, host });
  return await isInPath("gcloud", env) ? gcloud(options) : undefined;
}

async function isGoogleMachine(): Promise<boolean> {
  const name = await readIfThere("/sys/class/dmi/id/product_name").catch(() => undefined);
  return name !== undefined && new TextDecoder().decode(name).startsWith("Google");
}

async function isInPath(program: string, env: Variables): Promise<boolean> {
  for (const directory of (env["PATH"] ?? "").split(delimiter)) {
    if (await access(join(directory, program), constants.X_OK).then(() => true, () => false)) return true;
  }
  return false;
}
