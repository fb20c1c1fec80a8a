/** A registry whose requests are told of, for the tests of what stands around registries. */

import { memory } from "../../../src/content/mod.ts";
import { digestBytes } from "../../../src/digest/mod.ts";
import { observe, type Served, server } from "../../../src/server/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";

export const blob = new TextEncoder().encode("{}");
export const digest = await digestBytes(blob);

/** A registry that tells what it has served. */
export function observed(): {
  ask: (method: string, path: string, init?: RequestInit) => Promise<Response>;
  served: Served[];
} {
  const repositories = new Map([["a", memory()], ["b", memory()]]);
  const served: Served[] = [];
  const handler = observe(
    server({ repositories: (name) => repositories.get(name)! }),
    (one) => served.push(one),
  );
  return {
    served,
    async ask(method, path, init) {
      const response = await handler(new Request(`http://localhost/v2/${path}`, { method, ...init }));
      await response.clone().text();
      await response.body?.cancel();
      return response;
    },
  };
}

/** A manifest of a config alone, pushed as `v1` with what it needs. */
export async function pushed(ask: ReturnType<typeof observed>["ask"]): Promise<void> {
  await ask("POST", `a/blobs/uploads/?digest=${digest}`, { body: blob });
  const config = { mediaType: mediaTypes.ociConfig, digest, size: blob.length };
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [],
  });
  await ask("PUT", "a/manifests/v1", { body: manifest, headers: { "content-type": mediaTypes.ociManifest } });
}
