/** Sources that tell what they were asked for. */

import { type Bytes, readAll } from "../../src/bytes.ts";
import type { Address, Origin, Source } from "../../src/content/contracts.ts";

/** What {@link counting} says of all bytes. */
export const origin: Origin = { registry: "registry.example", repository: "app" };

/** Counts what is opened and gives origins, as a registry does. */
export function counting(source: Source): Source & { opened: string[] } {
  const opened: string[] = [];
  return {
    opened,
    resolve: (name, options) => source.resolve(name, options),
    open: (what, options) => {
      opened.push(what.digest);
      return source.open(what, options);
    },
    async *origins() {
      yield origin;
    },
  };
}

/** All the bytes. */
export async function read(source: Source, what: Address): Promise<Bytes> {
  return await readAll(await source.open(what), { limit: 1e7, what: "test" });
}
