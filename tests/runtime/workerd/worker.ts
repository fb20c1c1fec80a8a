/** Runs a case that it is told of, and serves a registry from memory. */

import { memory } from "../../../src/content/mod.ts";
import { server } from "../../../src/server/mod.ts";
import { cases, run } from "../cases.ts";
import { coreCase, withCore } from "./core_case.ts";

const repository = memory();
const registry = server({ repositories: () => repository });

export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname.startsWith("/v2/")) return await registry(request);
    const { name, setting } = await request.json();
    return new Response(await run(name === withCore ? coreCase : cases[name], setting));
  },
};
