/**
 * Fills the directories of both registries with many tags and repositories, as they would write them themselves, but without
 * a request for each. What the tags stand for has been pushed before.
 */

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SqliteMetadata } from "../../src/store/sqlite/metadata.ts";
import type { Change } from "../../src/store/metadata.ts";
import { bucketsOf } from "../../src/store/records.ts";

/** What a registry has under a tag. */
interface Pushed {
  manifest: string;
  blobs: readonly string[];
}

/** Distribution's: a directory for each tag. */
export function fillDistribution(
  root: string,
  names: Iterable<readonly [repository: string, tag: string]>,
  { manifest, blobs }: Pushed,
): void {
  const link = (directory: string, digest: string) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "link"), digest);
  };
  const place = (digest: string) => digest.replace(":", "/");
  const done = new Set<string>();
  for (const [repository, tag] of names) {
    const home = join(root, "docker/registry/v2/repositories", repository);
    link(join(home, "_manifests/tags", tag, "current"), manifest);
    link(join(home, "_manifests/tags", tag, "index", place(manifest)), manifest);
    if (done.has(repository)) continue;
    done.add(repository);
    link(join(home, "_manifests/revisions", place(manifest)), manifest);
    for (const digest of blobs) link(join(home, "_layers", place(digest)), digest);
  }
}

/** Gantry's: records, copied from those of `sample`, which has been pushed under `v1`. */
export async function fillGantry(
  root: string,
  names: Iterable<readonly [repository: string, tag: string]>,
  sample: string,
  { manifest, blobs }: Pushed,
): Promise<void> {
  await using metadata = new SqliteMetadata(join(root, "metadata.db"));
  const buckets = bucketsOf("default");
  const image = (await metadata.get(buckets.images, `${sample}:v1`))!.value;
  const links = new Map<string, string>();
  for (const digest of [manifest, ...blobs]) {
    links.set(digest, (await metadata.get(buckets.links, `${sample}@${digest}`))!.value);
  }
  let changes: Change[] = [];
  const done = new Set<string>();
  for (const [repository, tag] of names) {
    changes.push({ bucket: buckets.images, key: `${repository}:${tag}`, value: image });
    if (!done.has(repository)) {
      done.add(repository);
      changes.push({ bucket: buckets.repositories, key: repository, value: "{}" });
      for (const [digest, value] of links) {
        changes.push({ bucket: buckets.links, key: `${repository}@${digest}`, value });
      }
    }
    if (changes.length < 10_000) continue;
    await metadata.commit(changes);
    changes = [];
  }
  await metadata.commit(changes);
}

/** Bytes that are the same each time. */
export function madeUpBytes(name: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 32) {
    const piece = createHash("sha256").update(`${name} ${at}`).digest();
    bytes.set(piece.subarray(0, size - at), at);
  }
  return bytes;
}
