/**
 * A registry in a Worker over R2. Everybody pulls; who pushes has the password. What is below `hub/` comes from another
 * registry, and stays. A cron trigger removes what no image needs.
 *
 * @module
 */

import { cached, overlay } from "@gantry/oci/content";
import { registrySource } from "@gantry/oci/edge";
import { objects, r2, type R2BucketLike } from "@gantry/oci/objects";
import { server } from "@gantry/oci/server";

type Settings = { IMAGES: R2BucketLike; PASSWORD: string; UPSTREAM?: string };

export default {
  async fetch(request: Request, { IMAGES, PASSWORD, UPSTREAM = "docker.io" }: Settings): Promise<Response> {
    const reads = request.method === "GET" || request.method === "HEAD";
    const login = request.headers.get("authorization") ?? "";
    // Hashes are compared, so that the time it takes tells nothing.
    if (!reads && await hash(login) !== await hash(`Basic ${btoa(`gantry:${PASSWORD}`)}`)) {
      return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="gantry"' } });
    }
    const open = objects({ bucket: r2(IMAGES) });
    const repositories = (name: string) =>
      name.startsWith("hub/")
        ? overlay(open(name), cached(registrySource(`${UPSTREAM}/${name.slice(4)}`), open(name)))
        : open(name);
    return await server({ repositories, catalog: open.repositories, catalogOrdered: true })(request);
  },

  async scheduled(_event: unknown, { IMAGES }: Settings): Promise<void> {
    await objects({ bucket: r2(IMAGES) }).gc();
  },
};

async function hash(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).join();
}
