/**
 * Users of a registry in a file, as Apache's `htpasswd` and Docker's registry have it.
 *
 * @module
 */

import { GantryError } from "../../errors.ts";
import { type GivenCredentials, hashOf, sameHash } from "./credentials.ts";
import type { Visitor } from "./protect.ts";

/** How long a password that was right is known, in milliseconds: hashing it takes 50 ms and more, by design. */
const remembered = 5 * 60 * 1000;

/** A hash of nobody's password: who does not exist takes as long as who does. */
const nobody = "$2b$10$abcdefghijklmnopqrstuu5LrDrgDp5tqVyyp2SK2Ho1pkkqYSKSm";

/**
 * Checks names and passwords against lines of `name:hash`, with hashes of bcrypt or argon2.
 *
 * @throws {GantryError} `invalid-document` for a line with anything else, such as MD5.
 *
 * @example
 * ```ts
 * import { htpasswd } from "@gantry/oci/server/htpasswd";
 *
 * const check = htpasswd("ci:$2y$05$WYFgMVjIhoGVWQrU1pGbeOiVYtMVlaiqVBFNdQK5RCbPDhqWFWDC2\n");
 * console.log(await check({ username: "ci", password: "wrong" })); // undefined
 * ```
 */
export function htpasswd(
  text: string,
): (credentials: GivenCredentials) => Promise<Visitor | undefined> {
  const users = parse(text);
  const known = new Map<string, { password: Uint8Array; until: number }>();
  return async (credentials) => {
    if (credentials.token !== undefined) return undefined;
    const { username: name, password } = credentials;
    const hashed = await hashOf(password);
    const before = known.get(name);
    if (before && before.until > Date.now() && sameHash(before.password, hashed)) return { name };
    const hash = users.get(name);
    if (!await verify(password, hash ?? nobody) || hash === undefined) return undefined;
    known.set(name, { password: hashed, until: Date.now() + remembered });
    return { name };
  };
}

function parse(text: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, hash] = /^([^:]+):(\$2[aby]\$\S+|\$argon2(?:id|i|d)\$\S+)$/.exec(line.trim()) ?? [];
    if (name === undefined) {
      throw new GantryError(
        "invalid-document",
        `read htpasswd: line ${i + 1} is no name with a hash of bcrypt or argon2`,
      );
    }
    users.set(name, hash!);
  }
  return users;
}

async function verify(password: string, hash: string): Promise<boolean> {
  const { argon2Verify, bcryptVerify } = await import("hash-wasm");
  try {
    return hash.startsWith("$argon2")
      ? await argon2Verify({ password, hash })
      : await bcryptVerify({ password, hash });
  } catch {
    return false; // bcrypt knows no empty passwords
  }
}
