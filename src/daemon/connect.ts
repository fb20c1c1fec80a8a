import { readFileSync } from "node:fs";
import { join } from "node:path";
import { storageError } from "../disk/errors.ts";
import { GantryError } from "../errors.ts";
import type { Connection as TlsConnection } from "../http/endpoint.ts";
import { lazyNodeTransport } from "../http/lazy_node_transport.ts";
import type { Transport } from "../http/transport.ts";

/** How to reach an engine. */
export interface DaemonOptions {
  /**
   * Where it is, as DOCKER_HOST has it: `unix:///var/run/docker.sock`, `tcp://10.0.0.1:2375`, `npipe:////./pipe/docker_engine`.
   * Default: Docker's own socket.
   */
  host?: string | undefined;
  /** Talks TLS to a `tcp://` host, with `ca.pem`, `cert.pem` and `key.pem` in this directory. Default: plain HTTP. */
  certificates?: string | undefined;
  /** Sends the requests in place of sockets of its own. */
  transport?: Transport | undefined;
}

/** An engine's address. */
export interface Connection {
  /** For messages. */
  host: string;
  /** What paths are put behind. */
  url: string;
  transport: Transport;
}

const defaultHost = "unix:///var/run/docker.sock";

/**
 * Reads the address of an engine.
 *
 * @throws {GantryError} `unsupported` for kinds of addresses that it does not know, `storage` where certificates are missing.
 */
export function connect({ host = defaultHost, certificates, transport }: DaemonOptions): Connection {
  const [, scheme, rest = ""] = /^([a-z]+):\/\/(.+)$/.exec(host) ?? [];
  switch (scheme) {
    case "unix":
    case "npipe":
      return {
        host,
        url: "http://docker",
        transport: transport ?? lazyNodeTransport({ connection: { socket: rest } }),
      };
    case "tcp":
    case "http":
    case "https": {
      const secure = certificates !== undefined || scheme === "https";
      const url = `${secure ? "https" : "http"}://${rest.replace(/\/+$/, "")}`;
      return {
        host,
        url,
        transport: transport ??
          lazyNodeTransport({ connection: readCertificates(certificates), exclusive: true }),
      };
    }
  }
  throw new GantryError(
    "unsupported",
    `reach the Docker engine at ${JSON.stringify(host)}: not a unix://, npipe:// or tcp:// address`,
  );
}

function readCertificates(directory: string | undefined): TlsConnection {
  if (directory === undefined) return {};
  const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => {
    try {
      return readFileSync(join(directory, name), "utf8");
    } catch (error) {
      throw storageError(`read ${JSON.stringify(join(directory, name))}`, error);
    }
  });
  return { ca: [ca!], cert: cert!, key: key! };
}
