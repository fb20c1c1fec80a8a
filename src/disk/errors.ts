import { constants as system } from "node:os";
import { GantryError } from "../errors.ts";

/** The operating system's word for what went wrong: `ENOENT`, `ENOSPC`. */
export function errno(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return /^E[A-Z0-9]+$/.test(code) ? code : undefined;
  // Deno has no word for some, such as EDQUOT and EFBIG, but gives their number.
  const number = Number(/\(os error (\d+)\)$/.exec(error.message)?.[1]);
  return Object.entries(system.errno).find(([, known]) => known === number)?.[0];
}

const reasons: Record<string, string> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than allowed",
  EROFS: "the disk is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
};

/**
 * Does something with files. What the disk refuses becomes a `storage` error that begins with `action`, which names
 * the directory; the file is named by the operating system, or not at all.
 */
export async function onDisk<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(action, error);
  }
}

/** The error of {@link onDisk}. Deno's own refusals have no number, but a name. */
export function storageError(action: string, error: unknown): unknown {
  const code = errno(error);
  if (!(error instanceof Error) || (code === undefined && error.name !== "NotCapable")) return error;
  const { path } = error as { path?: unknown };
  const reason = code === undefined ? undefined : reasons[code];
  const where = reason && typeof path === "string" ? `: ${path}` : "";
  return new GantryError("storage", `${action}: ${reason ?? error.message}${where}`, { cause: error });
}

/** What `work` gives; nothing where a file or directory on its way is missing. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = errno(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Throws the error of an action on one path: `not-found` where there is nothing, else `storage`. */
export function failOnDisk(action: string, path: string, cause: unknown): never {
  const code = (cause as { code?: unknown } | null)?.code;
  const missing = { ENOENT: "not there", ENOTDIR: "not a directory" }[String(code)];
  const reason = missing ?? (cause instanceof Error ? cause.message : String(cause));
  throw new GantryError(missing ? "not-found" : "storage", `${action} ${JSON.stringify(path)}: ${reason}`, {
    cause,
  });
}
