import { type Memory, memory } from "../../../content/mod.ts";
import { immutable } from "../../../content/mod.ts";
import { layouts } from "../../../layout/mod.ts";
import type { ServerOptions } from "../../../server/mod.ts";
import { GantryError } from "../../../errors.ts";
import { openBucket } from "../bucket.ts";
import { isLike } from "../glob.ts";
import type { ServeConfig } from "./config.ts";

/** Where a registry keeps its images, and what it knows of them. */
export type Storage = Pick<ServerOptions, "repositories" | "catalog" | "holder">;

/** Where a registry keeps its images. Who reads one repository reads all of them only where there are no rules. */
export function storageOf(config: ServeConfig, env: Record<string, string | undefined>): Storage {
  const { disk, s3, immutableTags, htpasswd, rules, tokens } = config;
  if (disk !== undefined && s3 !== undefined) {
    throw new GantryError("invalid-name", "serve: images are kept on a disk or in a bucket, not both");
  }
  const { holder, ...rest } = s3 !== undefined
    ? inBucket(s3, config, env)
    : disk === undefined
    ? inMemory()
    : onDisk(disk);
  const storage: Storage = htpasswd !== undefined || rules || tokens ? rest : { ...rest, holder };
  if (!immutableTags) return storage;
  const isFixed = (tag: string) => immutableTags.some((pattern) => isLike(tag, pattern));
  return {
    ...storage,
    repositories: async (name) => immutable(await storage.repositories(name), isFixed),
  };
}

function onDisk(directory: string): Storage {
  const repositories = layouts(directory);
  return { repositories, catalog: () => repositories.repositories() };
}

function inBucket(url: string, config: ServeConfig, env: Record<string, string | undefined>): Storage {
  const repositories = openBucket(url, config, env);
  return { repositories, catalog: () => repositories.repositories() };
}

function inMemory(): Storage {
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
    async holder(digest) {
      for (const [name, repository] of kept) {
        if (await repository.resolve(digest, { role: "blob" }).then(() => true, () => false)) return name;
      }
      return undefined;
    },
  };
}

async function holdsSomething(repository: Memory): Promise<boolean> {
  for await (const _ of repository.roots()) return true;
  return false;
}
