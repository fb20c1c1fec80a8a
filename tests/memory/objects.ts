/**
 * The peak memory of a registry over a bucket, while a large blob goes up and down. Linux only.
 *
 *     deno run -A tests/memory/objects.ts [--server versitygw] [--gigabytes 6]
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import process from "node:process";
import { parseArgs } from "node:util";
import { servers } from "../interop/s3_servers.ts";
import { startRegistry } from "../interop/s3_registry.ts";

/** How much more than when it was idle it may take, in bytes: parts on their way, and what the runtime leaves behind. */
const limit = 300 * 1024 * 1024;
/** How much more than when a gigabyte had come. */
const growth = 64 * 1024 * 1024;

const string = { type: "string" } as const;
const { values } = parseArgs({ options: { server: string, gigabytes: string } });
const size = Number(values.gigabytes ?? 6) * 2 ** 30;
const piece = new Uint8Array(2 ** 20);
let early = 0;

const server = await servers.find(({ name }) => name === (values.server ?? "versitygw"))!.start();
const registry = await startRegistry(server);
try {
  const base = `http://127.0.0.1:${registry.port}`;
  const begun = await fetch(`${base}/v2/acme/big/blobs/uploads/`, { method: "POST" });
  const idle = peak(registry.pid);
  const hash = createHash("sha256");
  for (let at = 0; at < size; at += piece.byteLength) hash.update(piece);
  const digest = `sha256:${hash.digest("hex")}`;
  const started = performance.now();
  const status = await put(`${base}${begun.headers.get("location")}?digest=${digest}`);
  const [up, written] = [peak(registry.pid), performance.now()];
  if (status !== 201) throw new Error(`PUT: ${status} ${registry.said()}`);
  const response = await fetch(`${base}/v2/acme/big/blobs/${digest}`);
  if (response.status !== 200) throw new Error(`GET: ${response.status} ${registry.said()}`);
  let left = size;
  for await (const chunk of response.body!) left -= chunk.byteLength;
  if (left !== 0) throw new Error(`${left} bytes are missing`);
  const [down, read] = [peak(registry.pid), performance.now()];
  const rate = (milliseconds: number) => `${Math.round(size / 1e3 / milliseconds)} MB/s`;
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  console.log({
    size,
    idle: megabytes(idle),
    early: `${megabytes(early)} at the peak of the first gigabyte`,
    up: `${megabytes(up)} at the peak, ${rate(written - started)}`,
    down: `${megabytes(down)} at the peak, ${rate(read - written)}`,
  });
  process.exitCode = Math.max(up, down) > Math.min(idle + limit, early + growth) ? 1 : 0;
} finally {
  await registry.kill();
  await server.stop();
}

/** The most memory that a process has had. */
function peak(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}

/** Sends zeros, as fast as they are taken: Deno's `fetch` drops the length of a stream. */
function put(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const upload = request(url, { method: "PUT", headers: { "content-length": size } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    upload.once("error", reject);
    let left = size / piece.byteLength;
    const send = () => {
      while (left > 0) {
        left--;
        if (size - left * piece.byteLength === 2 ** 30) early = peak(registry.pid);
        if (!upload.write(piece)) return void upload.once("drain", send);
      }
      upload.end();
    };
    send();
  });
}
