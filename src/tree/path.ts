/**
 * Paths in layers and in the tree: texts as `decodeName` gives them, so that no byte is lost.
 *
 * @module
 */

/** The parts of a path, as it is inside the root: `..` at the root stays there, as for the kernel. */
export function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else parts.pop();
  }
  return parts;
}

/** The last part of a path as it is written, without slashes behind it. */
export function nameOf(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}

/** The steps of a symlink's target, the `..` among them: what these lead to depends on the links before them. */
export function stepsOf(target: string): string[] {
  return target.split("/").filter((step) => step !== "" && step !== ".");
}

/** How many symlinks are followed on one way; the kernel follows 40, containerd 255. */
export const mostLinks = 255;
