import { join } from "node:path";
import { homeOf, readIfThere } from "./config_file.ts";
import type { Variables } from "./execute.ts";

/** What a profile says. */
export type Profile = Record<string, string | undefined>;

/** Kinds of sections: in `credentials` all are profiles, in `config` they are called `profile NAME`, but for the default one. */
type Kind = "credentials" | "config" | "sso-session";

/** What Amazon's files say. */
export interface Profiles {
  /** What the files are, for messages. */
  readonly files: string;
  /** What is in them. */
  readonly text: string;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly sessions: ReadonlyMap<string, Profile>;
}

/** Reads the files `credentials` and `config`, as far as they are there. Where both know a profile, the first counts. */
export async function readProfiles(env: Variables): Promise<Profiles> {
  const directory = join(homeOf(env), ".aws");
  const paths = [
    env["AWS_SHARED_CREDENTIALS_FILE"] || join(directory, "credentials"),
    env["AWS_CONFIG_FILE"] || join(directory, "config"),
  ];
  const [credentials = "", config = ""] = await Promise.all(paths.map(async (path) => {
    const bytes = await readIfThere(path);
    return bytes && new TextDecoder().decode(bytes);
  }));
  const profiles = parseProfiles(config, "config");
  for (const [name, profile] of parseProfiles(credentials, "credentials")) {
    profiles.set(name, { ...profiles.get(name), ...profile });
  }
  return {
    files: paths.map((path) => JSON.stringify(path)).join(" and "),
    text: `${credentials}\0${config}`,
    profiles,
    sessions: parseProfiles(config, "sso-session"),
  };
}

/** The sections of a kind: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html. */
function parseProfiles(text: string, kind: Kind): Map<string, Profile> {
  const profiles = new Map<string, Profile>();
  let profile: Profile | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, section] = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line) ?? [];
    if (section !== undefined) {
      const name = nameOf(section, kind);
      profile = name === undefined ? undefined : { ...profiles.get(name) };
      if (name !== undefined) profiles.set(name, profile!);
      continue;
    }
    // What is indented belongs to the line before: settings of one service.
    const [, key, value] = /^([^\s#;=[][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (profile && key !== undefined) profile[key.toLowerCase()] = value!.replace(/\s+[#;].*$/, "");
  }
  return profiles;
}

function nameOf(section: string, kind: Kind): string | undefined {
  if (kind === "credentials" || (kind === "config" && section === "default")) return section;
  const [, what, , name] = /^(\S+)\s+(["']?)(.+)\2$/.exec(section) ?? [];
  return what === (kind === "config" ? "profile" : kind) ? name : undefined;
}
