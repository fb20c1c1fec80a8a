import { readFile } from "node:fs/promises";
import { GantryError } from "../errors.ts";
import type { AwsCredentials } from "../http/sigv4.ts";
import { awsProcess } from "./aws_process.ts";
import { type Profile, type Profiles, readProfiles } from "./aws_profiles.ts";
import { awsAssumeRole, type AwsRole, awsWebIdentity } from "./aws_roles.ts";
import { awsSso } from "./aws_sso.ts";
import { cloudOf, type CloudOptions } from "./cloud.ts";
import { homeOf } from "./config_file.ts";
import type { Variables } from "./execute.ts";
import { Expiring } from "./refreshing.ts";

/** What gives keys each time they are needed. */
export type KeysSource = () => Promise<AwsCredentials | undefined>;

/** How the keys of a profile are found. */
export interface AwsProfileOptions extends CloudOptions {
  env: Variables;
  /** What `credential_source` may name. */
  named: Record<string, KeysSource | undefined>;
}

/** Files may be changed while a program runs for days, in milliseconds. */
const lookAgain = 60_000;

/**
 * The keys of the profile that the environment names, or else of the default one, if that has any:
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export function awsProfile(options: AwsProfileOptions): KeysSource {
  const { env, now = Date.now } = options;
  let last: { text: string; source: KeysSource | undefined } | undefined;
  const current = new Expiring(async () => {
    const read = await readProfiles(env);
    // What the same files say is not asked for anew: it knows itself when it expires.
    if (last?.text !== read.text) last = { text: read.text, source: sourceIn(read, options) };
    return { value: last.source, expires: now() + lookAgain };
  }, now);
  return async () => await (await current.get())?.();
}

function sourceIn(read: Profiles, options: AwsProfileOptions): KeysSource | undefined {
  const asked = options.env["AWS_PROFILE"] || options.env["AWS_DEFAULT_PROFILE"];
  const source = new ProfileReader(read, options).source(asked || "default");
  if (source || !asked) return source;
  throw new GantryError("not-found", `${actionOn(asked)}: ${read.files} have none`);
}

class ProfileReader {
  readonly #read: Profiles;
  readonly #options: AwsProfileOptions;

  constructor(read: Profiles, options: AwsProfileOptions) {
    this.#read = read;
    this.#options = options;
  }

  /** What gives the keys of a profile; undefined where it has none. Of those that led to it none may come again. */
  source(name: string, via: readonly string[] = []): KeysSource | undefined {
    if (via.includes(name)) {
      const path = [...via, name].map((one) => JSON.stringify(one)).join(" to ");
      throw new GantryError("invalid-document", `${actionOn(name)}: source_profile leads from ${path}`);
    }
    const { env } = this.#options;
    const profile = this.#read.profiles.get(name) ?? {};
    if (profile["role_arn"]) return this.#role(profile["role_arn"], name, profile, via);
    const keys = keysIn(profile);
    if (keys) return () => Promise.resolve(keys);
    const { sso_session: session, sso_start_url: start, credential_process: command } = profile;
    if (session || start) {
      const section = session ? this.#read.sessions.get(session) : undefined;
      return awsSso({ ...cloudOf(this.#options), name, profile, session: section, home: homeOf(env) });
    }
    return command
      ? awsProcess({ ...cloudOf(this.#options), command, what: actionOn(name), env })
      : undefined;
  }

  #role(role: string, name: string, profile: Profile, via: readonly string[]): KeysSource {
    const { env, named } = this.#options;
    const { web_identity_token_file: file, mfa_serial: mfa, source_profile: other, credential_source: kind } =
      profile;
    const asked = roleOptions(env, this.#options);
    const region = asked.region ?? profile["region"];
    const common = { ...asked, role, region, session: profile["role_session_name"] };
    if (file) return awsWebIdentity({ ...common, token: () => readFile(file, "utf8") });
    if (mfa) {
      const hint = "put keys into the environment, as `aws configure export-credentials` prints them";
      throw new GantryError("unsupported", `${actionOn(name)}: mfa_serial is not supported; ${hint}`);
    }
    const keys = kind
      ? named[kind]
      : other && other !== name
      ? this.source(other, [...via, name])
      : keysIn(profile);
    if (keys) return awsAssumeRole({ ...common, keys, externalId: profile["external_id"] });
    const where = kind ?? (other && `the profile ${JSON.stringify(other)}`) ?? "the profile itself";
    throw new GantryError("not-found", `${actionOn(name)}: ${where} has no keys that may take on the role`);
  }
}

/** How roles are taken on, as the environment says. */
export function roleOptions(env: Variables, options: CloudOptions): Omit<AwsRole, "role"> {
  return {
    ...cloudOf(options),
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined,
    endpoint: env["AWS_ENDPOINT_URL_STS"] || undefined,
  };
}

/** The keys that are written in a profile. */
export function keysIn(profile: Profile): AwsCredentials | undefined {
  const {
    aws_access_key_id: accessKeyId,
    aws_secret_access_key: secretAccessKey,
    aws_session_token: sessionToken,
  } = profile;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

function actionOn(name: string): string {
  return `find AWS keys in the profile ${JSON.stringify(name)}`;
}
