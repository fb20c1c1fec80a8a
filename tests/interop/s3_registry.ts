/** Processes of our registry over one bucket, behind one address that takes another of them for every request. */

import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { portOf } from "../support/serving.ts";
import { scriptCommand } from "../support/spawn.ts";
import { end, type S3Server } from "./s3_servers.ts";

/** A process that serves. */
export interface RegistryProcess {
  readonly port: number;
  readonly pid: number;
  /** What it said on standard error. */
  said(): string;
  kill(): Promise<void>;
}

/** Starts `gantry registry serve` over a bucket. It streams blobs, unless it is to redirect as it does by default here. */
export async function startRegistry(
  { options }: Pick<S3Server, "options">,
  { prefix = "registry", grace = 3600, redirect = false }: {
    prefix?: string;
    grace?: number;
    redirect?: boolean;
  } = {},
): Promise<RegistryProcess> {
  const args = [...bucketArguments(options, prefix, grace), ...redirect ? [] : ["--no-redirect"]];
  const child = gantry(options, ["registry", "serve", ...args]);
  let said = "";
  child.stderr!.on("data", (chunk: Uint8Array) => said += new TextDecoder().decode(chunk));
  const port = await portOf(child);
  return { port, pid: child.pid!, said: () => said, kill: () => end(child) };
}

/** Runs `gantry registry gc` once; resolves with what it printed, also when it is killed. */
export function startCollection(
  { options }: Pick<S3Server, "options">,
  { prefix = "registry", grace = 3600 }: { prefix?: string; grace?: number } = {},
): { child: ChildProcess; ended: Promise<{ code: number | null; output: string }> } {
  const child = gantry(options, ["registry", "gc", ...bucketArguments(options, prefix, grace)]);
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Uint8Array) => output += new TextDecoder().decode(chunk));
  }
  return { child, ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, output }))) };
}

function bucketArguments(options: S3Server["options"], prefix: string, grace: number): string[] {
  return [
    "--s3",
    `s3://${options.bucket}/${prefix}`,
    "--endpoint",
    options.endpoint,
    "--blob-grace",
    String(grace),
  ];
}

function gantry(options: S3Server["options"], args: string[]): ChildProcess {
  const [program, ...before] = scriptCommand();
  const { accessKeyId, secretAccessKey } = options.credentials();
  return spawn(program!, [
    ...before,
    fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url)),
    ...args,
  ], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NO_COLOR: "1",
      NODE_NO_WARNINGS: "1",
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  });
}

/** An address that stands for others. */
export interface RoundRobin {
  /** Host and port. */
  readonly host: string;
  close(): Promise<void>;
}

/** Gives every request to the next of the ports; for one that does not answer there is a 502, as of other load balancers. */
export async function roundRobin(ports: () => readonly number[]): Promise<RoundRobin> {
  let next = 0;
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const all = ports();
    const port = all[next++ % all.length];
    const { method, url, headers } = incoming;
    const broken = (error?: Error | null) => {
      if (!error) return;
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502, { "content-length": 0, connection: "close" }).end();
    };
    const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (response) => {
      // The client is gone.
      if (outgoing.destroyed) return void response.destroy();
      outgoing.writeHead(response.statusCode!, response.headers);
      pipeline(response, outgoing, broken);
    });
    onward.on("error", broken);
    pipeline(incoming, onward, broken);
  };
  const server = createServer({ requestTimeout: 0 }, forward);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
