import { fetchTransport, type Registries, registries } from "../../registry/mod.ts";
import { version } from "../version.ts";
import { loggedTransport } from "./request_log.ts";
import { directorySessions, uploadsDirectory } from "./upload_sessions.ts";

/** How the command reaches registries. */
export interface ConnectOptions {
  /** Takes registries without TLS, and any certificate. */
  insecure: boolean | undefined;
  env: Record<string, string | undefined>;
  /** Is told of every request. */
  log: ((line: string) => void) | undefined;
}

/** The client of registries that the command uses. */
export async function connect({ insecure, env, log }: ConnectOptions): Promise<Registries> {
  const transport = insecure
    ? (await import("./insecure_transport.ts")).insecureTransport() // with the HTTPS client of Node
    : fetchTransport();
  return registries({
    insecure,
    transport: log ? loggedTransport(transport, log) : transport,
    sessions: directorySessions(uploadsDirectory(env)),
    userAgent: `gantry/${version}`,
  });
}
