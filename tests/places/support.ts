import {
  emptyImage,
  fetchTransport,
  type Image,
  type Layer,
  layer,
  memory,
  type RegistryOptions,
} from "../../mod.ts";
import { server } from "../../src/server/mod.ts";

/** All registries there are, in memory, and the hosts that have been asked. */
export function memoryRegistries(): { registry: RegistryOptions; hosts: Set<string> } {
  const repositories = new Map<string, ReturnType<typeof memory>>();
  const hosts = new Set<string>();
  const answer = (url: string, init: RequestInit) => {
    const { host } = new URL(url);
    hosts.add(host);
    return server({
      repositories(name) {
        const found = repositories.get(`${host}/${name}`) ?? memory();
        repositories.set(`${host}/${name}`, found);
        return found;
      },
    })(new Request(url, init));
  };
  return { registry: { transport: fetchTransport(answer) }, hosts };
}

/** An image of one layer, for a processor. */
export function platformImage(architecture: string): Image {
  return emptyImage({ os: "linux", architecture }).append(layer(new Uint8Array(1024)));
}

/** The paths in a layer. */
export async function pathsIn(made: Layer): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of made.entries()) found.push(entry.path);
  return found;
}
