import { join } from "node:path";
import { GantryError } from "../errors.ts";
import type { Connection } from "../http/endpoint.ts";
import { namesIn, requireText } from "./files.ts";

/**
 * The certificates for a host in Docker's `certs.d`: `*.crt` are authorities, `*.cert` with its `*.key` is what we show.
 * https://docs.docker.com/engine/security/certificates/
 *
 * @throws {GantryError} `not-found` for a certificate without a key.
 */
export async function certificatesIn(directory: string): Promise<Connection | undefined> {
  const names = await namesIn(directory);
  const read = (name: string) => requireText(join(directory, name), `read ${directory}`);
  const authorities = names.filter((name) => name.endsWith(".crt"));
  const certificate = names.find((name) => name.endsWith(".cert"));
  if (authorities.length === 0 && certificate === undefined) return undefined;
  const connection: Connection = {};
  if (authorities.length > 0) connection.ca = await Promise.all(authorities.map(read));
  if (certificate === undefined) return connection;
  const key = certificate.replace(/\.cert$/, ".key");
  if (!names.includes(key)) {
    throw new GantryError("not-found", `read ${directory}: ${certificate} has no ${key} beside it`);
  }
  return { ...connection, cert: await read(certificate), key: await read(key) };
}

/** The names under which directories of certificates may have a host, the usual one first. */
export function directoriesFor(directory: string, host: string): string[] {
  const [, name, port] = /^(.*?)(?::(\d+))?$/.exec(host)!;
  // Windows forbids colons: containerd writes underscores too.
  const others = port === undefined ? [] : [`${name}_${port}_`];
  return [...others, host].map((name) => join(directory, name));
}
