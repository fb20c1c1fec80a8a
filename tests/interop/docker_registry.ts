/** Starts Docker's own registry (Debian's `docker-registry`) for tests, on a free port and a directory of its own. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const program = ["/usr/bin/docker-registry", "/usr/local/bin/docker-registry", "/usr/bin/registry"]
  .find((path) => existsSync(path));

if (!program && process.env["CI"]) {
  throw new Error("CI needs docker-registry (Debian: apt install docker-registry)");
}

/** Option for `describe`: says why a suite is left out where the program is not installed. */
export const needsDockerRegistry: { skip: string | false } = {
  skip: program ? false : "docker-registry is not installed",
};

/** The name and password that a registry with `auth` wants. */
export const login = { username: "gantry", password: "secret" };

/** A registry that runs. */
export interface DockerRegistry {
  /** Host and port. */
  host: string;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/** Starts a registry; with `auth` it wants {@link login} (Basic). */
export async function startDockerRegistry(options: { auth?: boolean } = {}): Promise<DockerRegistry> {
  if (!program) throw new Error("docker-registry is not installed");
  const directory = await mkdtemp(join(tmpdir(), "gantry-registry-"));
  const host = `127.0.0.1:${await freePort()}`;
  // bcrypt of the password above, with the lowest cost.
  const hash = "$2b$04$2Ys3AMkfEjibFOm/cKE0Eu0bDpmg23KYHCiFFbhYjU7x9LkLWW0hi";
  await writeFile(join(directory, "htpasswd"), `${login.username}:${hash}\n`);
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, "data") }, delete: { enabled: true } },
    http: { addr: host },
    ...(options.auth && { auth: { htpasswd: { realm: "tests", path: join(directory, "htpasswd") } } }),
  };
  await writeFile(join(directory, "config.yml"), JSON.stringify(config));
  const child = spawn(program, ["serve", join(directory, "config.yml")], { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  for (let tries = 0;; tries++) {
    try {
      await (await fetch(`http://${host}/v2/`)).body?.cancel();
      return { host, stop };
    } catch (cause) {
      if (tries === 200 || child.exitCode !== null) {
        await stop();
        throw new Error("docker-registry does not start", { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
