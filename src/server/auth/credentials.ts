/** What a client logs in with. */
export type GivenCredentials =
  | { username: string; password: string; token?: undefined }
  /** A bearer token. */
  | { token: string; username?: undefined; password?: undefined };

/** What is in the Authorization header; undefined where it is something else. */
export function readCredentials(header: string): GivenCredentials | undefined {
  const [, scheme, value] = /^(basic|bearer) +(\S+) *$/i.exec(header) ?? [];
  if (scheme === undefined) return undefined;
  if (scheme.toLowerCase() === "bearer") return { token: value! };
  try {
    const bytes = Uint8Array.from(atob(value!), (character) => character.charCodeAt(0));
    const [, username, password] = /^([^:]*):(.*)$/s.exec(new TextDecoder().decode(bytes)) ?? [];
    return username === undefined ? undefined : { username, password: password! };
  } catch {
    return undefined; // not base64
  }
}

/** Whether two secrets are the same, in a time that tells nothing about where they differ. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  return sameHash(await hashOf(a), await hashOf(b));
}

/** What can be kept of a secret to know it again. */
export async function hashOf(secret: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)));
}

/** Whether two hashes are the same, in the same time whether they are or not. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.reduce((difference, byte, i) => difference | (byte ^ b[i]!), 0) === 0;
}
