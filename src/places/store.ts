import { bindSource } from "../content/bind_source.ts";
import { GantryError } from "../errors.ts";
import { parseReference, parseRepository, type Repository } from "../spec/reference.ts";
import { type Store, store } from "../store/mod.ts";
import type { Clients, Place, ReferenceScheme } from "./scheme.ts";

/** Images of a store: `store:NAME:TAG` and `store:NAME@DIGEST`, named as `docker pull` names them. */
export const storeScheme: ReferenceScheme = {
  kind: "reference",
  prefixes: ["store:"],
  noun: "a store",
  parse(rest) {
    const reference = parseReference(rest);
    return { ...storePlace(reference), name: reference.digest ?? reference.tag, reference };
  },
  parseContainer: (rest) => storePlace(parseRepository(rest)),
};

function storePlace({ registry, repository }: Repository): Place {
  const name = `${registry}/${repository}`;
  return {
    scheme: storeScheme,
    container: `store:${name}`,
    source(clients) {
      const { opened, close } = open(clients, name);
      return { ...bindSource(opened.repository(name)), [Symbol.asyncDispose]: close };
    },
    target: (clients) => open(clients, name).opened.repository(name),
  };
}

/** The store that clients name or have; one that is opened here is closed by whoever asked for it. */
function open({ store: given }: Clients, name: string): { opened: Store; close: () => Promise<void> } {
  if (given === undefined) {
    const action = `open ${JSON.stringify(`store:${name}`)}`;
    throw new GantryError(
      "unsupported",
      `${action}: say in which directory the store is, or which one it is`,
    );
  }
  if (typeof given !== "string") return { opened: given, close: () => Promise.resolve() };
  const opened = store(given);
  return { opened, close: () => opened.close() };
}
