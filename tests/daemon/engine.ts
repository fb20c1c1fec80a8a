/** What the tests need of a Docker engine: images that it keeps as tars, over a socket of its own. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { inDirectory } from "../support/directory.ts";

/** An engine that is running. */
export interface Engine {
  /** As DOCKER_HOST has it. */
  host: string;
  /** What it was asked, `METHOD PATH`. */
  log: string[];
  /** Its images: names, and the tar that was loaded. */
  images: { id: string; names: string[]; tar: Uint8Array<ArrayBuffer> }[];
  directory: string;
}

/** Runs an engine; `idOf` tells the ID of what is loaded. */
export function withEngine(
  idOf: (tar: Uint8Array<ArrayBuffer>) => Promise<{ id: string; names: string[] }>,
  work: (engine: Engine) => Promise<void>,
): Promise<void> {
  return inDirectory(async (directory) => {
    const socket = join(directory, "e.sock");
    const engine: Engine = { host: `unix://${socket}`, log: [], images: [], directory };
    const server = createServer((request, response) => {
      answer(engine, idOf, request, response).catch((error) => response.destroy(error));
    });
    await once(server.listen(socket), "listening");
    try {
      await work(engine);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

async function answer(
  { log, images }: Engine,
  idOf: (tar: Uint8Array<ArrayBuffer>) => Promise<{ id: string; names: string[] }>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url!, "http://docker");
  log.push(`${request.method} ${url.pathname}`);
  const find = (name: string) => images.find(({ id, names }) => names.includes(name) || id === name);
  const json = (status: number, value: unknown) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  const missing = (name: string) => json(404, { message: `No such image: ${name}` });
  if (url.pathname === "/version") return json(200, { Os: "linux", Arch: "arm64" });
  if (url.pathname === "/images/json") {
    return json(200, images.map(({ id, names }) => ({ Id: id, RepoTags: names })));
  }
  if (url.pathname === "/images/get") {
    const [name] = url.searchParams.getAll("names");
    const found = find(name!);
    return found ? void response.end(found.tar) : missing(name!);
  }
  if (url.pathname === "/images/load") {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const tar = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    const { id, names } = await idOf(tar);
    if (names.includes("full:disk")) {
      return void response.end('{"errorDetail":{"message":"no space"},"error":"no space"}\r\n');
    }
    images.push({ id, names, tar });
    const said = names.length > 0
      ? names.map((name) => `Loaded image: ${name}\n`)
      : [`Loaded image ID: ${id}\n`];
    return void response.end(said.map((stream) => `${JSON.stringify({ stream })}\r\n`).join(""));
  }
  const [, name, action] = /^\/images\/(.+)\/(json|tag)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  const found = find(name ?? "");
  if (!found) return missing(name ?? "");
  if (action === "json") return json(200, { Id: found.id });
  found.names.push(`${url.searchParams.get("repo")}:${url.searchParams.get("tag")}`);
  response.writeHead(201).end();
}
