import { Buffer } from "node:buffer";
import type { PaxRecords } from "../../tar/pax.ts";
import { run } from "./programs.ts";

/** Extended attributes by their names. */
export type Attributes = ReadonlyMap<string, Uint8Array>;

const prefix = "SCHILY.xattr.";

/** What means something to the host's own file system or its policy, and not to the image's. */
const hosts = ["security.selinux", "security.ima", "security.evm", "system.nfs4_acl"];

/** The extended attributes that an entry has; nothing where there are none. */
export function attributesOf(records: PaxRecords): Attributes | undefined {
  if (records.size === 0) return undefined;
  const attributes = new Map<string, Uint8Array>();
  for (const [key, value] of records) {
    if (key.startsWith(prefix)) attributes.set(key.slice(prefix.length), value);
  }
  return attributes.size > 0 ? attributes : undefined;
}

/** Whether an attribute is one that no image sets on a host. */
function isHosts(name: string): boolean {
  return hosts.includes(name) || name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
}

/** Something that is to have attributes. */
export interface Attributed {
  /** Where it is, for another program. */
  path: string;
  attributes: Attributes;
}

/** Why one attribute was not set. */
export interface Unset {
  of: Attributed;
  name: string;
  reason: string;
}

/** Sets attributes, all by one run of a program if none is refused, and tells of those that are not set. */
export async function setAttributes(all: readonly Attributed[]): Promise<Unset[]> {
  const single: { of: Attributed; name: string; value: Uint8Array }[] = [];
  const unset: Unset[] = [];
  for (const of of all) {
    for (const [name, value] of of.attributes) {
      if (isHosts(name)) unset.push({ of, name, reason: "it is the host's own" });
      else single.push({ of, name, value });
    }
  }
  const together = single.map(({ of, name, value }) =>
    `# file: ${of.path}\n${escaped(name)}=${encoded(value)}\n`
  );
  if (single.length === 0 || (await run("setfattr", ["-h", "--restore=-"], together.join("\n"))).ok) {
    return unset;
  }
  for (const { of, name, value } of single) {
    const { ok, message } = await run("setfattr", ["-h", "-n", name, "-v", encoded(value), of.path]);
    if (!ok) unset.push({ of, name, reason: message });
  }
  return unset;
}

function encoded(value: Uint8Array): string {
  return `0s${Buffer.from(value).toString("base64")}`;
}

/** As the program reads names from a file. */
function escaped(name: string): string {
  return name.replace(
    /[\\=\n\r]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}
