import type { CredentialsProvider } from "../../content/credentials.ts";
import { fetchTransport, type Registries, registries, type UploadSessions } from "../../registry/mod.ts";
import { version } from "../version.ts";
import { commandHeaders, commandKeychain, type OnProblem } from "./keychain.ts";
import { loggedTransport } from "./request_log.ts";

/** How the command reaches registries. */
export interface ConnectOptions {
  /** Takes registries without TLS, and any certificate. */
  insecure: boolean | undefined;
  env: Record<string, string | undefined>;
  /** Finds the credentials. Default: the default keychain. */
  credentials?: CredentialsProvider | undefined;
  /** Is told of credentials that could not be got, for which others were looked for, or none taken. */
  onProblem: OnProblem;
  /** Is told of every request. */
  log: ((line: string) => void) | undefined;
}

/** The client of registries that the command uses. */
export async function connect(options: ConnectOptions): Promise<Registries> {
  const { insecure, env, onProblem, log } = options;
  const transport = insecure
    ? (await import("./insecure_transport.ts")).insecureTransport()
    : fetchTransport();
  return registries({
    insecure,
    credentials: options.credentials ?? commandKeychain(env, onProblem),
    headers: await commandHeaders(env, onProblem),
    transport: log ? loggedTransport(transport, log) : transport,
    sessions: uploadSessions(env),
    userAgent: `gantry/${version}`,
  });
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
