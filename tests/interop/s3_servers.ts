/** Starts S3 servers of others for tests, each on a free port and a directory of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { s3, type S3Options } from "../../src/objects/mod.ts";
import { freePort } from "../support/free_port.ts";

/** How a server is started. */
interface Program {
  name: string;
  /** How it is installed. */
  install: string;
  /** Where its buckets are. What opens them is not told: it has to find out. */
  region: string;
  command(port: number, directory: string, region: string): { args: string[]; env: Record<string, string> };
}

const keys = { accessKeyId: "gantry", secretAccessKey: "a-secret-of-tests" };

const programs: readonly Program[] = [
  {
    name: "versitygw",
    install: "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0",
    region: "us-east-1",
    command: (port, directory) => ({
      args: ["--port", `127.0.0.1:${port}`, "--quiet", "posix", directory],
      env: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
    }),
  },
  {
    name: "minio",
    install: "go install github.com/minio/minio@latest",
    region: "eu-central-1",
    command: (port, directory, region) => ({
      args: ["server", "--quiet", "--address", `127.0.0.1:${port}`, directory],
      env: {
        MINIO_ROOT_USER: keys.accessKeyId,
        MINIO_ROOT_PASSWORD: keys.secretAccessKey,
        MINIO_SITE_REGION: region,
        // It is of no use to it, and takes a port.
        MINIO_BROWSER: "off",
      },
    }),
  },
];

/** A server that runs. */
export interface S3Server {
  /** Where it is, and what opens its bucket. */
  options: Omit<S3Options, "credentials"> & { endpoint: string; credentials: () => typeof keys };
  /** The region that it says it is in. */
  region: string;
  /** Where it keeps what it has. */
  directory: string;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/** How to start one. */
export interface StartOptions {
  /** Where it keeps what it has. Default: a directory that goes with it. */
  directory?: string | undefined;
  /** What else it is told. */
  env?: Record<string, string> | undefined;
}

/** A server that may be installed here. */
export interface Installed {
  name: string;
  /** Options for `describe`: why a suite is left out where the program is not installed. */
  needed: { skip: string | false };
  start(options?: StartOptions): Promise<S3Server>;
}

/** The servers that tests go to. */
export const servers: readonly Installed[] = programs.map((program) => {
  const path = find(program.name);
  if (!path && process.env["CI"]) throw new Error(`CI needs ${program.name}: ${program.install}`);
  return {
    name: program.name,
    needed: { skip: path ? false : `${program.name} is not installed here: ${program.install}` },
    start: (options) => start(program, path!, options),
  };
});

function find(program: string): string | undefined {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go", "bin")];
  return places.map((place) => join(place, program)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function start(
  program: Program,
  path: string,
  { directory: kept, env: more }: StartOptions = {},
): Promise<S3Server> {
  const directory = kept ?? await mkdtemp(join(tmpdir(), `gantry-${program.name}-`));
  await mkdir(join(directory, "images"), { recursive: true });
  const port = await freePort();
  const { args, env } = program.command(port, directory, program.region);
  const child = spawn(path, args, {
    stdio: "ignore",
    env: { PATH: process.env["PATH"], HOME: directory, ...env, ...more },
  });
  const stop = async () => {
    await end(child);
    if (kept === undefined) await rm(directory, { recursive: true, force: true });
  };
  const options = { bucket: "images", endpoint: `http://127.0.0.1:${port}`, credentials: () => keys };
  const bucket = s3({ ...options, retries: 0 });
  for (let tries = 0;; tries++) {
    try {
      await bucket.list({ prefix: "", limit: 1 });
      return { options, region: program.region, directory, stop };
    } catch (cause) {
      if (tries === 200 || child.exitCode !== null) {
        await stop();
        throw new Error(`${program.name} does not start`, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Kills a process, and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
