import { GantryError } from "../errors.ts";

/** Says what the disk refused, and where. */
export function diskError(action: string, path: string, cause: unknown): never {
  const code = (cause as { code?: unknown } | null)?.code;
  const missing = { ENOENT: "not there", ENOTDIR: "not a directory" }[String(code)];
  const reason = missing ?? (cause instanceof Error ? cause.message : String(cause));
  throw new GantryError(missing ? "not-found" : "storage", `${action} ${JSON.stringify(path)}: ${reason}`, {
    cause,
  });
}
