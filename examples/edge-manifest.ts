/**
 * An edge function that reads manifests: no WASM, no `node:`. `REPOSITORY` is bound in the platform's settings, or it is
 * the one that stands here.
 *
 * @module
 */

import { registrySource } from "@gantry/oci/edge";

export default {
  async fetch(_request: Request, env: { REPOSITORY?: string } = {}): Promise<Response> {
    const app = registrySource(env.REPOSITORY ?? "ghcr.io/acme/app");
    const { descriptor, document } = await app.resolve("v1", { document: true });
    return new Response(document, { headers: { "content-type": descriptor.mediaType } });
  },
};
