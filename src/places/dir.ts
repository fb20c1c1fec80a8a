import { readdir } from "node:fs/promises";
import { DirectoryImage, isDirectoryImage, saveDirectoryImage } from "./directory_image.ts";
import { pathScheme } from "./path.ts";
import type { PathScheme } from "./scheme.ts";

/** Directories of one image, as skopeo's transport of this name writes and reads them: `dir:DIRECTORY`. */
export const dirScheme: PathScheme = pathScheme({
  prefix: "dir:",
  noun: "a directory of one image",
  pathNoun: "DIRECTORY",
  at: (directory) => ({
    source: () => new DirectoryImage(directory),
    save: (images, _clients, options) => saveDirectoryImage(directory, images, options),
    exists: () => readdir(directory).then((names) => names.length > 0, () => false),
  }),
  recognizes: isDirectoryImage,
});
