import { readFile } from "node:fs/promises";
import process from "node:process";
import { Once } from "../content/once.ts";
import type { AwsCredentials } from "../http/sigv4.ts";
import { awsContainer, awsInstance } from "./aws.ts";
import { awsProfile, keysIn, roleOptions } from "./aws_profile.ts";
import { awsWebIdentity } from "./aws_roles.ts";
import { cloudOf, type CloudOptions } from "./cloud.ts";
import { readIfThere } from "./config_file.ts";
import type { Variables } from "./execute.ts";

/** Options of {@link awsDefault}. */
export interface AwsDefaultOptions extends CloudOptions {
  /** Environment variables. Default: those of the process. */
  env?: Variables | undefined;
}

/**
 * Finds the keys that Amazon's own programs would use: those of the environment (`AWS_ACCESS_KEY_ID`), of the role of a
 * service account (`AWS_WEB_IDENTITY_TOKEN_FILE`), of a profile in the files `credentials` and `config` (`AWS_PROFILE`), also
 * by a role, a program or a login of `aws sso login`, of the container, and of the EC2 machine. The last two are asked
 * when nothing else is there, and the machine's metadata service only on a machine of Amazon's.
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
  const { env = process.env } = options;
  const inEnvironment = environmentKeys(env);
  if (inEnvironment) return () => Promise.resolve(inEnvironment);
  const identity = identityOf(env, options);
  if (identity) return identity;
  const container = containerOf(env, options);
  const known = new Once(() => machineOf(env, options));
  const machine = async () => await (await known.get())?.();
  const named = { EcsContainer: container, Ec2InstanceMetadata: machine };
  const profile = awsProfile({ ...cloudOf(options), env, named });
  return async () => await profile() ?? await (container ?? machine)();
}

function environmentKeys(env: Variables): AwsCredentials | undefined {
  return keysIn({
    aws_access_key_id: env["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key: env["AWS_SECRET_ACCESS_KEY"],
    aws_session_token: env["AWS_SESSION_TOKEN"],
  });
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
function identityOf(
  env: Variables,
  options: AwsDefaultOptions,
): (() => Promise<AwsCredentials>) | undefined {
  const file = env["AWS_WEB_IDENTITY_TOKEN_FILE"], role = env["AWS_ROLE_ARN"];
  if (!file || !role || env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"]) return undefined;
  return awsWebIdentity({
    ...roleOptions(env, options),
    role,
    token: () => readFile(file, "utf8"),
    session: env["AWS_ROLE_SESSION_NAME"] || undefined,
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
  return awsContainer({ ...cloudOf(options), url, authorization });
}

async function machineOf(
  env: Variables,
  options: AwsDefaultOptions,
): Promise<(() => Promise<AwsCredentials>) | undefined> {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  const endpoint = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || undefined;
  if (endpoint === undefined && !await isAmazonMachine()) return undefined;
  return awsInstance({ ...cloudOf(options), endpoint });
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html */
async function isAmazonMachine(): Promise<boolean> {
  for (const path of ["/sys/class/dmi/id/sys_vendor", "/sys/hypervisor/uuid"]) {
    const found = await readIfThere(path).catch(() => undefined);
    if (found && /^(?:Amazon EC2|ec2)/.test(new TextDecoder().decode(found))) return true;
  }
  return false;
}
