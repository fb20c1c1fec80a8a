import { type Memory, memory } from "../../../content/mod.ts";
import { immutable } from "../../../content/mod.ts";
import { layouts } from "../../../layout/mod.ts";
import type { ServerOptions } from "../../../server/mod.ts";
import { isLike } from "../glob.ts";
import type { ServeConfig } from "./config.ts";

/** Where a registry keeps its images. */
export function storageOf(
  { disk, immutableTags }: ServeConfig,
): Pick<ServerOptions, "repositories" | "catalog"> {
  const storage = disk === undefined ? inMemory() : onDisk(disk);
  if (!immutableTags) return storage;
  const isFixed = (tag: string) => immutableTags.some((pattern) => isLike(tag, pattern));
  return {
    ...storage,
    repositories: async (name) => immutable(await storage.repositories(name), isFixed),
  };
}

function onDisk(directory: string): Pick<ServerOptions, "repositories" | "catalog"> {
  const repositories = layouts(directory);
  return { repositories, catalog: () => repositories.repositories() };
}

function inMemory(): Pick<ServerOptions, "repositories" | "catalog"> {
  const kept = new Map<string, Memory>();
  return {
    repositories(name) {
      const repository = kept.get(name) ?? memory();
      kept.set(name, repository);
      return repository;
    },
    async *catalog() {
      for (const [name, repository] of kept) if (await holdsSomething(repository)) yield name;
    },
  };
}

async function holdsSomething(repository: Memory): Promise<boolean> {
  for await (const _ of repository.roots()) return true;
  return false;
}
