/** Starts registries of the distribution project for tests, each on a free port and a directory of its own. */

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverCertificate as certificate } from "../support/certificates.ts";
import { freePort } from "../support/free_port.ts";
import { needs } from "./server_peers.ts";
import { issuer, service, startTokenServer } from "./token_server.ts";

/** Docker's own registry as Debian packs it (2.8), and what became of it (3). */
export type Version = "docker-registry" | "distribution";

/** The programs. The second is `go install github.com/distribution/distribution/v3/cmd/registry@latest`. */
const programs: Record<Version, string> = { "docker-registry": "docker-registry", distribution: "registry" };

/** Option for `describe`: says why a suite is left out where the program is not installed. */
export const needsDockerRegistry: { skip: string | false } = needs(programs["docker-registry"]);
export const needsDistribution: { skip: string | false } = needs(programs.distribution);

/** The name and password that a registry with `auth` wants. */
export const login = { username: "gantry", password: "secret" };

/** A registry that runs. */
export interface DockerRegistry {
  /** Host and port. */
  host: string;
  /** The requests so far, from its access log, as `METHOD PATH STATUS`; it is there when the registry was asked for it. */
  log: string[];
  /** What its token server was asked for so far. */
  tokens: string[];
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/** How to start a registry. */
export interface DockerRegistryOptions {
  version?: Version;
  /** It wants {@link login}, by Basic or by the tokens of a server of its own. Default: it lets everybody in. */
  auth?: "password" | "token" | undefined;
  /** Where it keeps its images, which stay there. Default: they go when it ends. */
  images?: string;
  /** It keeps an access log. */
  logs?: boolean;
}

/** Starts a registry. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const { version = "docker-registry", auth, images, logs = false } = options;
  const directory = await mkdtemp(join(tmpdir(), "gantry-registry-"));
  const host = `127.0.0.1:${await freePort()}`;
  const tokens = auth === "token" ? await startTokenServer(login) : undefined;
  // bcrypt of the password above, with the lowest cost.
  const hash = "$2b$04$2Ys3AMkfEjibFOm/cKE0Eu0bDpmg23KYHCiFFbhYjU7x9LkLWW0hi";
  const [htpasswd, rootcertbundle, configuration] = ["htpasswd", "roots.pem", "config.yml"].map((name) =>
    join(directory, name)
  );
  await writeFile(htpasswd!, `${login.username}:${hash}\n`);
  await writeFile(rootcertbundle!, certificate);
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: !logs } },
    storage: { filesystem: { rootdirectory: images ?? join(directory, "data") }, delete: { enabled: true } },
    http: { addr: host },
    ...(auth === "password" && { auth: { htpasswd: { realm: "tests", path: htpasswd } } }),
    ...(tokens && { auth: { token: { realm: tokens.realm, service, issuer, rootcertbundle } } }),
  };
  await writeFile(configuration!, JSON.stringify(config));
  const child = spawn(programs[version], ["serve", configuration!], { stdio: ["ignore", "pipe", "ignore"] });
  const log: string[] = [];
  let line = "";
  child.stdout.on("data", (chunk: Uint8Array) => {
    const lines = (line + Buffer.from(chunk).toString()).split("\n");
    line = lines.pop()!;
    for (const text of lines) {
      const [, request, status] = /"([A-Z]+ \S+) HTTP\/[\d.]+" (\d+)/.exec(text) ?? [];
      if (request !== undefined) log.push(`${request} ${status}`);
    }
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    await tokens?.close();
    await rm(directory, { recursive: true, force: true });
  };
  for (let tries = 0;; tries++) {
    try {
      await (await fetch(`http://${host}/v2/`)).body?.cancel();
      return { host, log, tokens: tokens?.log ?? [], stop };
    } catch (cause) {
      if (tries === 200 || child.exitCode !== null) {
        await stop();
        throw new Error(`${programs[version]} does not start`, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
