import { join } from "node:path";
import { GantryDirectory, gantryDirectoryIn } from "../disk/gantry_directory.ts";
import { DiskBlobs } from "./disk_blobs.ts";
import { openStore } from "./opened.ts";
import { recoverBlobs } from "./recover.ts";
import { SqliteMetadata } from "./sqlite/metadata.ts";
import type { Store, StoreOptions } from "./types.ts";

/**
 * Opens a store: a directory of images, of their content and of what is known of it, as containerd has them. Nothing is
 * read before it is asked for; the first write makes the directory. Several processes may use it at once, and may be
 * killed at any moment. The records are in a SQLite database, which {@link Store.close} lets go of.
 *
 * @throws {GantryError} `invalid-name` for what cannot be a namespace.
 *
 * @example
 * ```ts
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 * import { store } from "@gantry/oci/store";
 *
 * await using images = store(await Deno.makeTempDir());
 * await copy(emptyImage(), images.repository("acme/app"), { name: "v1" });
 * for await (const { name } of images.images.list()) console.log(name); // acme/app:v1
 * ```
 */
export function store(directory: string, options: StoreOptions = {}): Store {
  const state = new GantryDirectory(gantryDirectoryIn(directory));
  const blobs = new DiskBlobs(join(directory, "blobs"), state, options);
  const metadata = recoverBlobs(new SqliteMetadata(join(directory, "metadata.db")), blobs);
  return openStore({ directory, metadata, blobs, sessions: blobs.sessions }, options);
}
