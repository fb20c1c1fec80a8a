import { GantryError } from "../../errors.ts";
import type { ConnectionFailure, RegistryError } from "../../registry/mod.ts";

/** What helps against a connection that fails for a reason. */
const forReason: Record<string, string> = {
  "no-address": "check the name and the network",
  "refused": "check that it runs, and its port",
  "certificate": 'name its authority as "ca" in hosts.json, or take any certificate with --insecure',
  "no-tls": "--insecure speaks plain HTTP too",
  "silent": "--timeout waits longer",
  "unconnected": "--timeout waits longer",
};

/** What a registry means by its codes, and what to do. */
const forCode: Record<string, string> = {
  NAME_UNKNOWN: "there is no such repository",
  MANIFEST_UNKNOWN: "the repository may have other tags: gantry ls lists them",
};

/** What the user can do about an error, if there is anything to be said. */
export function adviceFor(error: unknown): string | undefined {
  if (!GantryError.is(error)) return undefined;
  const { code, message, cause } = error;
  const { reason = "", codes = [], host = "" } = (cause ?? {}) as Partial<ConnectionFailure & RegistryError>;
  if (code === "unavailable") return forReason[reason];
  // Who logs in need not be told to.
  if ((code === "unauthorized" || code === "denied") && host !== "" && !message.startsWith("log in")) {
    const registry = host === "registry-1.docker.io" ? "docker.io" : host;
    return code === "denied" && !message.includes("no credentials for")
      ? `the account at ${registry} may not do this`
      : `log in with gantry auth login ${registry}`;
  }
  return codes.map((code) => forCode[code]).find((advice) => advice !== undefined);
}
