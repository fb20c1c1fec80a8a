import { hostOf } from "../http/endpoint.ts";
import type { Client } from "./client.ts";

/** Where a registry is; a guess before it has answered. */
export function originOf(client: Client, registry: string): URL {
  const host = hostOf(registry);
  const scheme = client.schemes.of(host) ?? (client.allowsHttp(registry) ? "http" : "https");
  return new URL(`${scheme}://${host}`);
}

/** Whether an address is where a registry, or a mirror of it, is reached; a guess before it has answered. */
export function isAt(client: Client, url: URL, registry: string): boolean {
  return client.hosts.isMirror(url, registry) || url.origin === originOf(client, registry).origin;
}
