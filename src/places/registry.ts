import { parseReference, parseRepository, type Repository } from "../spec/reference.ts";
import type { Place, ReferenceScheme } from "./scheme.ts";

/** Repositories of registries: `registry/name:tag` and `registry/name@digest`, as `docker pull` takes them. */
export const registryScheme: ReferenceScheme = {
  kind: "reference",
  prefixes: ["docker://"],
  noun: "a repository",
  parse(rest) {
    const reference = parseReference(rest);
    return { ...repositoryPlace(reference), name: reference.digest ?? reference.tag, reference };
  },
  parseContainer: (rest) => repositoryPlace(parseRepository(rest)),
};

function repositoryPlace({ registry, repository }: Repository): Place {
  const container = `${registry}/${repository}`;
  return {
    scheme: registryScheme,
    container,
    source: (clients) => clients.registry(container),
    target: (clients) => clients.registry(container),
  };
}
