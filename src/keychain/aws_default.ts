import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { Once } from "../content/once.ts";
import { GantryError } from "../errors.ts";
import type { AwsCredentials } from "../http/sigv4.ts";
import { awsContainer, awsInstance } from "./aws.ts";
import { parseProfiles, type Profile } from "./aws_profiles.ts";
import { awsWebIdentity } from "./aws_web_identity.ts";
import type { CloudOptions } from "./cloud.ts";
import { homeOf, readIfThere } from "./config_file.ts";
import type { Variables } from "./execute.ts";
import { Expiring } from "./refreshing.ts";

/** Options of {@link awsDefault}. */
export interface AwsDefaultOptions extends CloudOptions {
  /** Environment variables. Default: those of the process. */
  env?: Variables | undefined;
}

/** Files may be changed while a program runs for days, in milliseconds. */
const lookAgain = 60_000;

/**
 * Finds the keys that Amazon's own programs would use: those of the environment (`AWS_ACCESS_KEY_ID`), of the role of a
 * service account (`AWS_WEB_IDENTITY_TOKEN_FILE`), of a profile in the files `credentials` and `config` (`AWS_PROFILE`), of
 * the container, and of the EC2 machine. The last two are asked when nothing else is there, and the machine's metadata
 * service only on a machine of Amazon's.
 *
 * @returns What gives the keys each time they are needed; undefined where there are none.
 *
 * @example
 * ```ts
 * import { awsDefault } from "@gantry/oci/keychain";
 * import { objects, s3 } from "@gantry/oci/objects";
 *
 * const repositories = objects({ bucket: s3({ bucket: "images", credentials: awsDefault() }) });
 * console.log(typeof repositories("acme/app").resolve);
 * ```
 */
export function awsDefault(options: AwsDefaultOptions = {}): () => Promise<AwsCredentials | undefined> {
  const { env = process.env, now = Date.now } = options;
  const fromEnvironment = keysOf({
    aws_access_key_id: env["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key: env["AWS_SECRET_ACCESS_KEY"],
    aws_session_token: env["AWS_SESSION_TOKEN"],
  });
  if (fromEnvironment) return () => Promise.resolve(fromEnvironment);
  const identity = identityOf(env, options);
  if (identity) return identity;
  const fromFiles = new Expiring(async () => {
    return { value: await profileKeys(env), expires: now() + lookAgain };
  }, now);
  const container = containerOf(env, options);
  const machine = new Once(() => machineOf(env, options));
  return async () => {
    const found = await fromFiles.get();
    if (found) return found;
    return container ? await container() : await (await machine.get())?.();
  };
}

/** The keys of the profile; undefined where no profile has any and none was asked for. */
async function profileKeys(env: Variables): Promise<AwsCredentials | undefined> {
  const asked = env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"];
  const name = asked || "default";
  const directory = join(homeOf(env), ".aws");
  const paths = {
    credentials: env["AWS_SHARED_CREDENTIALS_FILE"] || join(directory, "credentials"),
    config: env["AWS_CONFIG_FILE"] || join(directory, "config"),
  };
  const profile: Profile = {
    ...(await profilesIn(paths.config, "config")).get(name),
    ...(await profilesIn(paths.credentials, "credentials")).get(name),
  };
  const keys = keysOf(profile);
  if (keys || (!asked && Object.keys(profile).length === 0)) return keys;
  const other = ["role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"]
    .find((field) => profile[field] !== undefined);
  const action = `find AWS keys in the profile ${JSON.stringify(name)}`;
  if (other !== undefined) {
    throw new GantryError(
      "unsupported",
      `${action}: ${other} is not supported; put keys into the environment, as \`aws configure export-credentials\` prints them`,
    );
  }
  if (!asked) return undefined;
  throw new GantryError(
    "not-found",
    `${action}: ${JSON.stringify(paths.credentials)} and ${JSON.stringify(paths.config)} have none`,
  );
}

async function profilesIn(
  path: string,
  kind: "credentials" | "config",
): Promise<ReadonlyMap<string, Profile>> {
  const bytes = await readIfThere(path);
  return bytes ? parseProfiles(new TextDecoder().decode(bytes), kind) : new Map();
}

function keysOf(profile: Profile): AwsCredentials | undefined {
  const {
    aws_access_key_id: accessKeyId,
    aws_secret_access_key: secretAccessKey,
    aws_session_token: sessionToken,
  } = profile;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
function identityOf(
  env: Variables,
  options: AwsDefaultOptions,
): (() => Promise<AwsCredentials>) | undefined {
  const file = env["AWS_WEB_IDENTITY_TOKEN_FILE"], role = env["AWS_ROLE_ARN"];
  if (!file || !role || env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"]) return undefined;
  return awsWebIdentity({
    ...cloud(options),
    role,
    token: () => readFile(file, "utf8"),
    session: env["AWS_ROLE_SESSION_NAME"] || undefined,
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined,
    endpoint: env["AWS_ENDPOINT_URL_STS"] || undefined,
  });
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
function containerOf(
  env: Variables,
  options: AwsDefaultOptions,
): (() => Promise<AwsCredentials>) | undefined {
  const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  const url = relative ? `http://169.254.170.2${relative}` : env["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (!url) return undefined;
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const authorization = file
    ? () => readFile(file, "utf8")
    : env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] || undefined;
  return awsContainer({ ...cloud(options), url, authorization });
}

async function machineOf(
  env: Variables,
  options: AwsDefaultOptions,
): Promise<(() => Promise<AwsCredentials>) | undefined> {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  const endpoint = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || undefined;
  if (endpoint === undefined && !await isAmazonMachine()) return undefined;
  return awsInstance({ ...cloud(options), endpoint });
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html */
async function isAmazonMachine(): Promise<boolean> {
  for (const path of ["/sys/class/dmi/id/sys_vendor", "/sys/hypervisor/uuid"]) {
    const found = await readIfThere(path).catch(() => undefined);
    if (found && /^(?:Amazon EC2|ec2)/.test(new TextDecoder().decode(found))) return true;
  }
  return false;
}

function cloud({ transport, now }: AwsDefaultOptions): CloudOptions {
  return { transport, now };
}
