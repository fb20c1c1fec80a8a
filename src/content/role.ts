import { isDocumentType } from "../spec/media_type.ts";
import type { Role } from "./contracts.ts";

/** How registries keep these bytes, where the caller did not say. */
export function roleOf(what: { mediaType?: string }, role?: Role): Role {
  return role ?? (what.mediaType !== undefined && isDocumentType(what.mediaType) ? "manifest" : "blob");
}
