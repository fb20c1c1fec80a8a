import { join } from "node:path";
import { hex, utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { AwsCredentials } from "../http/sigv4.ts";
import type { JsonObject } from "../spec/json.ts";
import { type Keys, refreshed } from "./aws.ts";
import { askCloud, type CloudOptions, objectIn, stringIn } from "./cloud.ts";
import { readIfThere } from "./config_file.ts";
import type { Profile } from "./aws_profiles.ts";

/** A login at IAM Identity Center that `aws sso login` has made. */
export interface AwsSsoOptions extends CloudOptions {
  /** The profile, for messages. */
  name: string;
  profile: Profile;
  /** Its section `sso-session`; without one the profile says all itself. */
  session: Profile | undefined;
  /** The user's own directory. */
  home: string;
}

/** The keys of an account's role, for who has logged in: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html */
export function awsSso(options: AwsSsoOptions): () => Promise<AwsCredentials> {
  const { name, profile, session, home, transport, now = Date.now } = options;
  const what = `get AWS keys of the profile ${JSON.stringify(name)} from IAM Identity Center`;
  const field = (key: string) => {
    const value = profile[key] ?? session?.[key];
    if (value) return value;
    throw new GantryError("invalid-document", `${what}: ${key} is not said`);
  };
  return refreshed(async () => {
    const named = utf8(profile["sso_session"] ?? field("sso_start_url"));
    const file = `${hex(new Uint8Array(await crypto.subtle.digest("SHA-1", named)))}.json`;
    const login = await readIfThere(join(home, ".aws", "sso", "cache", file));
    const { accessToken, expiresAt } = login ? objectIn(login, what) : {};
    if (typeof accessToken !== "string" || !(Date.parse(String(expiresAt)) > now())) {
      const hint = `log in with \`aws sso login --profile ${name}\``;
      throw new GantryError("unauthorized", `${what}: there is no login, or it has expired; ${hint}`);
    }
    const region = field("sso_region"), suffix = region.startsWith("cn-") ? ".cn" : "";
    const url = new URL(`https://portal.sso.${region}.amazonaws.com${suffix}/federation/credentials`);
    url.searchParams.set("role_name", field("sso_role_name"));
    url.searchParams.set("account_id", field("sso_account_id"));
    const headers = { "x-amz-sso_bearer_token": accessToken };
    const { roleCredentials } = await askCloud({ what, url: url.href, headers, transport });
    return keysIn(roleCredentials as JsonObject ?? {}, what);
  }, { now });
}

function keysIn(answer: JsonObject, what: string): Keys {
  const value = {
    accessKeyId: stringIn(answer, "accessKeyId", what),
    secretAccessKey: stringIn(answer, "secretAccessKey", what),
    sessionToken: stringIn(answer, "sessionToken", what),
  };
  return { value, expires: Number(answer["expiration"]) };
}
