import type { CredentialsProvider } from "../../content/credentials.ts";
import { runtimeTransport } from "../../hosts/transport.ts";
import { type Registries, registries, type Timeouts } from "../../registry/mod.ts";
import type { RegistryWarning, UploadSessions } from "../../registry/mod.ts";
import type { CommandEnvironment } from "../environment.ts";
import { version } from "../version.ts";
import { endpointsFrom } from "./hosts.ts";
import { commandHeaders, commandKeychain, type OnProblem } from "./keychain.ts";
import { loggedTransport } from "./request_log.ts";

/** How the command reaches registries. */
export interface ConnectOptions {
  /** Takes registries without TLS, and any certificate. */
  insecure: boolean | undefined;
  /** Milliseconds without progress after which it gives up. */
  timeout: number | undefined;
  /** Files that say how registries are reached, before the usual ones. */
  hosts: readonly string[] | undefined;
  env: Record<string, string | undefined>;
  /** Finds the credentials. Default: the default keychain. */
  credentials?: CredentialsProvider | undefined;
  /** Is told of credentials that could not be got, for which others were looked for, or none taken. */
  onProblem: OnProblem;
  /** Is told of every request. */
  log: ((line: string) => void) | undefined;
  /** Waits between two tries. */
  sleep: CommandEnvironment["sleep"];
  /** Is told what registries warn of. */
  warn: (warning: RegistryWarning) => void;
}

/** The client of registries that the command uses. */
export async function connect(options: ConnectOptions): Promise<Registries> {
  const { insecure, timeout, hosts, env, onProblem, log, sleep, warn } = options;
  const transport = runtimeTransport({ env, insecure });
  return registries({
    insecure,
    credentials: options.credentials ?? commandKeychain(env, onProblem),
    headers: await commandHeaders(env, onProblem),
    transport: log ? loggedTransport(transport, log) : transport,
    endpoints: endpointsFrom(hosts, env),
    timeouts: timeoutsWithin(timeout),
    ...(sleep && { environment: { sleep } }),
    sessions: uploadSessions(env),
    userAgent: `gantry/${version}`,
    warn,
  });
}

/** Times that together are no longer than this, in the proportions of the usual ones. */
export function timeoutsWithin(total: number | undefined): Partial<Timeouts> {
  if (total === undefined) return {};
  const share = (part: number) => Math.max(1, Math.round(total * part));
  return { total, connect: share(1 / 9), response: share(1 / 3), idle: share(1 / 3), verify: share(2 / 3) };
}

/** Uploads that are remembered between runs. Commands that upload nothing do not load what remembers them. */
function uploadSessions(env: ConnectOptions["env"]): UploadSessions {
  let loading: Promise<UploadSessions> | undefined;
  const load = () =>
    loading ??= import("./upload_sessions.ts").then(({ directorySessions, uploadsDirectory }) =>
      directorySessions(uploadsDirectory(env))
    );
  return {
    get: async (key) => await (await load()).get(key),
    set: async (key, value) => await (await load()).set(key, value),
    delete: async (key) => await (await load()).delete(key),
  };
}
