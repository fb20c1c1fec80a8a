/** A client of a registry in the same process, and what its tests push. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Memory, memory } from "../../src/content/mod.ts";
import { type Descriptor, type Digest, mediaTypes } from "../../src/spec/mod.ts";
import { server, type ServerOptions } from "../../src/server/mod.ts";

type Handler = (request: Request) => Promise<Response>;

export interface Send {
  headers?: Record<string, string>;
  body?: BodyInit | null;
  signal?: AbortSignal;
}

/** Sends one request to a handler; bytes of known length bring their `Content-Length`, as they do on the wire. */
export function send(handler: Handler, method: string, path: string, options: Send = {}): Promise<Response> {
  const { body = null, headers = {}, signal } = options;
  const length: Record<string, string> = typeof body === "string" || body instanceof Uint8Array
    ? { "content-length": String(bytes(body).byteLength) }
    : {};
  const init: RequestInit & { duplex: "half" } = {
    method,
    body,
    headers: { ...length, ...headers },
    duplex: "half",
    ...(signal && { signal }),
  };
  return handler(new Request(`http://registry.test${path}`, init));
}

/** A registry in memory whose repositories come to be when they are asked for. */
export function registryInMemory(options: Partial<ServerOptions> = {}): {
  handler: Handler;
  send: (method: string, path: string, options?: Send) => Promise<Response>;
  repository: (name: string) => Memory;
  repositories: Map<string, Memory>;
} {
  const repositories = new Map<string, Memory>();
  const repository = (name: string) => {
    const found = repositories.get(name) ?? memory();
    repositories.set(name, found);
    return found;
  };
  const handler = server({ repositories: repository, ...options });
  return { handler, send: (...args) => send(handler, ...args), repository, repositories };
}

export function bytes(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
}

export function digestOf(content: string | Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
}

export function descriptorOf(content: string | Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(content), size: bytes(content).byteLength };
}

/** Pushes a blob in two requests. */
export async function pushBlob(
  handler: Handler,
  repository: string,
  content: string | Uint8Array,
): Promise<void> {
  const started = await send(handler, "POST", `/v2/${repository}/blobs/uploads/`);
  assert.equal(started.status, 202);
  const path = `${started.headers.get("location")}?digest=${digestOf(content)}`;
  const finished = await send(handler, "PUT", path, { body: bytes(content) });
  assert.equal(finished.status, 201, await finished.text());
}

export function put(
  handler: Handler,
  path: string,
  document: string,
  mediaType: string = mediaTypes.ociManifest,
): Promise<Response> {
  return send(handler, "PUT", path, { body: bytes(document), headers: { "content-type": mediaType } });
}

/** The text of an image manifest over these contents. */
export function manifestOf(
  config: string,
  layers: readonly (string | Uint8Array)[],
  more: Record<string, unknown> = {},
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(config, mediaTypes.ociConfig),
    layers: layers.map((layer) => descriptorOf(layer, mediaTypes.ociLayer)),
    ...more,
  });
}

/** Pushes a small image, its blobs first, and tells its manifest. */
export async function pushImage(
  handler: Handler,
  repository: string,
  reference: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  await pushBlob(handler, repository, "{}");
  await pushBlob(handler, repository, "layer");
  const manifest = manifestOf("{}", ["layer"], more);
  const response = await put(handler, `/v2/${repository}/manifests/${reference}`, manifest);
  assert.equal(response.status, 201, await response.text());
  return manifest;
}

/** Asserts an error answer in the form of the specification, and gives its entries. */
export async function refused(
  response: Response,
  status: number,
  code: string,
): Promise<{ code: string; message: string; detail?: unknown }[]> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("content-type"), "application/json");
  const { errors } = JSON.parse(text);
  assert.equal(errors[0].code, code, text);
  assert.equal(typeof errors[0].message, "string");
  return errors;
}
