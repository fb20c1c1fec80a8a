/** What clients of the raced registries ask for. */

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import type { Registry } from "./registries.ts";

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  size: number;
}

export const agent: Agent = new Agent({ keepAlive: true, maxSockets: 512 });

export function send(
  { port }: Pick<Registry, "port">,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body
      ? { "content-length": body.byteLength }
      : method === "POST"
      ? { "content-length": 0 }
      : {};
    const sent = request(
      { host: "127.0.0.1", port, method, path, agent, headers: { ...length, ...headers } },
      (response) => {
        let size = 0;
        response.on("data", (chunk: Uint8Array) => size += chunk.byteLength);
        response.once("error", reject);
        response.once("end", () => {
          const { statusCode: status = 0, headers } = response;
          if (status < 400) resolve({ status, headers, size });
          else reject(new Error(`${method} ${path}: ${status}`));
        });
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Where a blob with this digest is to be put. */
export async function uploadPath(to: Registry, repository: string, digest: string): Promise<string> {
  const { headers } = await send(to, "POST", `/v2/${repository}/blobs/uploads/`);
  const { pathname, search } = new URL(String(headers["location"]), "http://127.0.0.1");
  return `${pathname}${search}${search ? "&" : "?"}digest=${digest}`;
}

export async function putBlob(to: Registry, repository: string, bytes: Uint8Array): Promise<void> {
  const path = await uploadPath(to, repository, sha256(bytes));
  await send(to, "PUT", path, bytes, { "content-type": "application/octet-stream" });
}

export function manifestOf(...blobs: [Uint8Array, Uint8Array]): Uint8Array {
  const [config, layer] = blobs.map((bytes) => ({ digest: sha256(bytes), size: bytes.byteLength }));
  return new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
  }));
}

/** Puts a manifest, and tells how many milliseconds that took. */
export async function putManifest(
  to: Registry,
  repository: string,
  tag: string,
  bytes: Uint8Array,
): Promise<number> {
  const begin = performance.now();
  await send(to, "PUT", `/v2/${repository}/manifests/${tag}`, bytes, { "content-type": manifestType });
  return performance.now() - begin;
}

/** An image of its own: a config, a layer of 10 kB, and the manifest under a tag. Tells how long the manifest took. */
export async function push(to: Registry, repository: string, tag: string): Promise<number> {
  const [config, layer] = [randomBytes(200), randomBytes(10_000)];
  await putBlob(to, repository, config);
  await putBlob(to, repository, layer);
  return await putManifest(to, repository, tag, manifestOf(config, layer));
}

/** Runs curl, as it costs this machine less than a client of ours would; tells how many seconds it took. */
export async function curl(...args: string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn("curl", ["-sS", "--fail", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const [code, said] = await Promise.all([
    new Promise<number | null>((resolve) => child.once("close", resolve)),
    text(child.stderr),
  ]);
  if (code !== 0) throw new Error(`curl: ${said}`);
  return (performance.now() - begin) / 1000;
}
