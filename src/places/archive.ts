import { stat } from "node:fs/promises";
import { type Archive, archive, type ArchiveFormat, saveArchive } from "../archive/mod.ts";
import { pathScheme } from "./path.ts";
import type { PathScheme } from "./scheme.ts";

/** A tar that everybody can load: `docker-archive:FILE` and `docker-archive:FILE:NAME:TAG`. */
export const dockerArchiveScheme: PathScheme = archiveScheme("docker-archive:", "combined");

/** An OCI layout in a tar: `oci-archive:FILE` and `oci-archive:FILE:NAME`. */
export const ociArchiveScheme: PathScheme = archiveScheme("oci-archive:", "oci");

/** Both kinds read all archives; they differ in what they write. */
function archiveScheme(prefix: string, usualFormat: ArchiveFormat): PathScheme {
  return pathScheme({
    prefix,
    noun: "an archive",
    pathNoun: "FILE",
    at: (file) => ({
      source: (_, options): Archive => archive(file, options),
      save: (images, _clients, { format = usualFormat, ...options } = {}) =>
        saveArchive(file, images, { format, ...options }),
      exists: () => stat(file).then(() => true, () => false),
    }),
    recognizes: (path) => stat(path).then((found) => !found.isDirectory(), () => false),
  });
}
