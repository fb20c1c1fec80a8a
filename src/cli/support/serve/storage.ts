import { access, constants } from "node:fs/promises";
import type { Digest } from "../../../spec/mod.ts";
import { type Memory, memory, type Target } from "../../../content/mod.ts";
import { immutable } from "../../../content/mod.ts";
import { layouts } from "../../../layout/mod.ts";
import { quotas, type ServerOptions } from "../../../server/mod.ts";
import type { Scrubbed, ScrubOptions } from "../../../store/mod.ts";
import { GantryError } from "../../../errors.ts";
import { isLoopback } from "../../../http/hosts.ts";
import { openBucket } from "../bucket.ts";
import { isLike } from "../glob.ts";
import { s3Access } from "../s3.ts";
import { addressOf } from "./address.ts";
import { collectRegularly } from "./collect_disk.ts";
import type { ServeConfig } from "./config.ts";
import { expireUploads } from "./expire_uploads.ts";
import { isOlder, takeOver } from "./take_over.ts";

/** Where a registry keeps its images, and what it knows of them. */
export type Storage =
  & Pick<
    ServerOptions,
    "repositories" | "catalog" | "catalogOrdered" | "holder" | "keptVerified" | "redirect"
  >
  & {
    /** Reads all blobs again. */
    scrub?: ((options: ScrubOptions) => AsyncIterable<Scrubbed>) | undefined;
    /** Lets go of it. */
    close?: (() => Promise<void>) | undefined;
  };

/** Where a registry keeps its images. Who reads one repository reads all of them only where there are no rules. */
export async function storageOf(
  config: ServeConfig,
  env: Record<string, string | undefined>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Storage> {
  const { disk, s3, immutableTags, htpasswd, rules, tokens } = config;
  if (disk !== undefined && s3 !== undefined) {
    throw new GantryError("invalid-name", "serve: images are kept on a disk or in a bucket, not both");
  }
  const { holder, ...rest } = s3 !== undefined
    ? inBucket(s3, config, env)
    : disk === undefined
    ? inMemory()
    : await onDisk(disk, config, log, signal);
  const open: Storage = htpasswd !== undefined || rules || tokens ? rest : { ...rest, holder };
  const storage = config.quotas ? withQuotas(open, config.quotas) : open;
  if (!immutableTags) return storage;
  const isFixed = (tag: string) => immutableTags.some((pattern) => isLike(tag, pattern));
  return {
    ...storage,
    repositories: async (name) => immutable(await storage.repositories(name), isFixed),
  };
}

function withQuotas(storage: Storage, rules: NonNullable<ServeConfig["quotas"]>): Storage {
  const limited = quotas(rules);
  return { ...storage, repositories: async (name) => limited(name, await storage.repositories(name)) };
}

/** The room that is kept so that a full disk can be freed, in bytes. */
const reserved = 1024 * 1024;

/** In a store; a directory that an older version made becomes one, if it can. */
async function onDisk(
  directory: string,
  { uploadExpiry = 7 * 24 * 60 * 60, gcInterval, retention }: ServeConfig,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Storage> {
  const isOld = await isOlder(directory);
  if (isOld && !await isWritable(directory)) return asLayouts(directory, log, "it cannot be written to");
  const { store } = await import("../../../store/mod.ts");
  const there = store(directory);
  try {
    if (isOld) {
      await takeOver(directory, there, log, { signal });
      log(`took over the images in ${directory}`);
    }
  } catch (error) {
    await there.close();
    if (!GantryError.is(error) || signal.aborted) throw error;
    return asLayouts(directory, log, error.message);
  }
  await there.reserve(reserved).catch((error) => log(error instanceof Error ? error.message : String(error)));
  // All repositories share the uploads.
  await expireUploads(there.repository("any"), uploadExpiry, log, signal);
  const settled = gcInterval === undefined
    ? () => Promise.resolve()
    : collectRegularly(there, gcInterval, { retention, signal }, log);
  return {
    repositories: (name) => there.linked(name),
    catalog: (options) => there.linkedRepositories(options),
    catalogOrdered: true,
    keptVerified: true,
    scrub: (options) => there.scrub(options),
    async holder(digest: Digest) {
      // Whatever the repository is called, this tells whether the bytes are here.
      if (!await has(there.repository("any"), digest)) return undefined;
      for await (const name of there.linkedRepositories()) {
        if (await has(there.linked(name), digest)) return name;
      }
      return undefined;
    },
    async close() {
      await settled();
      await there.close();
    },
  };
}

function asLayouts(directory: string, log: (line: string) => void, reason: string): Storage {
  log(`${directory} stays as an older version made it, which is slower: ${reason}`);
  const repositories = layouts(directory);
  return { repositories, catalog: () => repositories.repositories() };
}

function inBucket(url: string, config: ServeConfig, env: Record<string, string | undefined>): Storage {
  const repositories = openBucket(url, config, env);
  return {
    repositories,
    catalog: (options) => repositories.repositories(options),
    catalogOrdered: true,
    redirect: config.redirect ?? isReached(config, env),
  };
}

/** Whether clients reach a bucket as they reach the registry: it is at Amazon, or both are on this machine alone. */
function isReached(
  { endpoint: told, address }: ServeConfig,
  env: Record<string, string | undefined>,
): boolean {
  const { endpoint } = s3Access(env, told);
  return endpoint === undefined ||
    (isLoopback(new URL(endpoint).host) && isLoopback(addressOf(address, env["PORT"]).hostname));
}

function isWritable(directory: string): Promise<boolean> {
  return access(directory, constants.W_OK).then(() => true, () => false);
}

function has(repository: Target, digest: Digest): Promise<boolean> {
  return repository.resolve(digest, { role: "blob" }).then(() => true, () => false);
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
        if (await has(repository, digest)) return name;
      }
      return undefined;
    },
  };
}

async function holdsSomething(repository: Memory): Promise<boolean> {
  for await (const _ of repository.roots()) return true;
  return false;
}
