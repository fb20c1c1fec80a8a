import { GantryError } from "../errors.ts";
import { credentialsIn, parseAuthEntry } from "./auth_entry.ts";
import type { Keychain } from "./chain.ts";
import { type ConfigDocument, parseConfigDocument, parseDockercfg } from "./config_document.ts";
import { holds, normalHost, parseServerKey } from "./server_key.ts";
import { globSource } from "../spec/glob.ts";

/** A Kubernetes secret, as far as it is read here. */
export interface PullSecret {
  /** What it is called in errors. */
  metadata?: { name?: string };
  /** The documents in base64, as the API gives them. */
  data?: Record<string, string>;
  /** The documents as they are. */
  stringData?: Record<string, string>;
}

/**
 * The credentials in pull secrets of Kubernetes: of type `kubernetes.io/dockerconfigjson` and `kubernetes.io/dockercfg`. As
 * there, a key may hold `*` for parts of a host name, its port has to be the registry's, and the longest key counts.
 *
 * @throws {GantryError} `invalid-document` for a secret that holds no such document.
 *
 * @example
 * ```ts
 * import { pullSecrets } from "@gantry/oci/keychain";
 *
 * const keychain = pullSecrets([{
 *   stringData: { ".dockerconfigjson": '{ "auths": { "*.example.com": { "auth": "bWU6c2VjcmV0" } } }' },
 * }]);
 * console.log(await keychain({ registry: "eu.example.com", repository: "app", actions: ["pull"] }));
 * ```
 */
export function pullSecrets(secrets: readonly PullSecret[]): Keychain {
  const entries = secrets.map(documentIn).flatMap(({ auths, what }) =>
    Object.entries(auths).map(([key, value]) => ({ key, value, what, ...parseServerKey(key) }))
  );
  // The sort is stable: of equal keys, that of the first secret counts.
  entries.sort((a, b) => b.path.length - a.path.length || b.host.length - a.host.length);
  return async ({ registry, repository = "" }) => {
    const host = normalHost(registry);
    for (const { key, value, what, ...scope } of entries) {
      if (!matches(scope.host, host) || !holds(scope.path, repository)) continue;
      const entry = parseAuthEntry(value, `${JSON.stringify(key)} of ${what}`);
      return await credentialsIn(entry);
    }
    return undefined;
  };
}

function documentIn({ metadata, data = {}, stringData = {} }: PullSecret): ConfigDocument {
  const what = `the pull secret ${JSON.stringify(metadata?.name ?? "")}`;
  const readers = { ".dockerconfigjson": parseConfigDocument, ".dockercfg": parseDockercfg };
  for (const [name, read] of Object.entries(readers)) {
    const document = stringData[name] ?? decode(data[name], what);
    if (document !== undefined) return read(document, what);
  }
  throw new GantryError("invalid-document", `read ${what}: it has no .dockerconfigjson and no .dockercfg`);
}

function decode(encoded: string | undefined, what: string): Uint8Array | undefined {
  if (encoded === undefined) return undefined;
  try {
    return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new GantryError("invalid-document", `read ${what}: its data is not base64`, { cause });
  }
}

/** Whether a host is one that a pattern means: `*` stands for any part of a name between two dots, or of such a part. */
function matches(pattern: string, host: string): boolean {
  const [names, port] = splitPort(pattern), [wanted, wantedPort] = splitPort(host);
  const parts = names.split("."), labels = wanted.split(".");
  return port === wantedPort && parts.length === labels.length &&
    parts.every((part, i) => glob(part).test(labels[i]!));
}

function splitPort(host: string): [names: string, port: string] {
  const [, names = host, port = ""] = /^(.*):(\d+)$/.exec(host) ?? [];
  return [names, port];
}

function glob(part: string): RegExp {
  return new RegExp(`^${globSource(part, { "*": ".*", "?": "." })}$`);
}
