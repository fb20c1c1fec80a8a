import process from "node:process";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { copy } from "../../src/copy/mod.ts";
import { memory } from "../../src/content/memory.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { registry } from "../../src/registry/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import type { S3Server } from "../../tests/interop/s3_servers.ts";
import type { Registry } from "../server/registries.ts";
import { startOver } from "./registries.ts";

/** Counts what a registry asks of the S3 server for a push, and for a pull, of an image of three layers. */
export async function countRequests(
  server: S3Server,
  name: Registry["name"],
  executable: string,
): Promise<{ push: string[]; pull: string[] }> {
  let asked: string[] = [];
  const { hostname, port } = new URL(server.options.endpoint);
  const proxy = createServer((incoming, outgoing) => {
    const { method, url = "", headers } = incoming;
    asked.push(`${method} ${url}`);
    const onward = request({ hostname, port, method, path: url, headers }, (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy()); // the registry is killed at the end
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const started = await startOver(server, name, { executable, redirect: false, endpoint });
  try {
    const there = () => registry(`127.0.0.1:${started.port}/acme/app-${crypto.randomUUID()}`);
    const target = there();
    let image = emptyImage();
    for (let n = 0; n < 3; n++) image = image.append(layer(randomBytes(100_000), { compression: "none" }));
    // What is asked for once in the life of a process does not count.
    await copy(emptyImage(), there(), { name: "v1" });
    asked = [];
    await copy(image, target, { name: "v1" });
    const push = asked;
    asked = [];
    await copy(await openImage(target, "v1"), memory(), { name: "v1" });
    return { push, pull: asked };
  } finally {
    process.kill(started.pid, "SIGKILL");
    proxy.close();
    proxy.closeAllConnections();
  }
}
