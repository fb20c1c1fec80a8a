/** What a profile says. */
export type Profile = Record<string, string | undefined>;

/**
 * The profiles of Amazon's files: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html. In `config` all but
 * the default one are called `profile NAME`; sections of other kinds are left out.
 */
export function parseProfiles(text: string, kind: "credentials" | "config"): Map<string, Profile> {
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

function nameOf(section: string, kind: "credentials" | "config"): string | undefined {
  if (kind === "credentials" || section === "default") return section;
  return /^profile\s+(.+)$/.exec(section)?.[1];
}
