import { fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from "node:fs";
import type { DiskPath } from "./open_directory.ts";
import type { Facts, Owners } from "./owners.ts";

/** Sets owner, mode and time of something open: the owner first, as that takes bits from the mode. */
export function setFacts(fd: number, facts: Facts, owners: Owners): void {
  const owner = owners.of(facts);
  if (owner) fchownSync(fd, owner.uid, owner.gid);
  fchmodSync(fd, owners.mode(facts.mode));
  const time = timeOf(facts);
  futimesSync(fd, time, time);
}

/** The same for what cannot be opened, its mode aside. A link is not followed. */
export function setFactsAt(path: DiskPath, facts: Facts, owners: Owners): void {
  const owner = owners.of(facts);
  if (owner) lchownSync(path, owner.uid, owner.gid);
  const time = timeOf(facts);
  lutimesSync(path, time, time);
}

/** In seconds. Runtimes take negative numbers for now, and dates with fractions before 1970 for nothing at all. */
function timeOf({ mtime }: Facts): number | Date {
  const seconds = typeof mtime === "number" ? mtime : mtime.seconds;
  if (seconds < 0) return new Date(seconds * 1000);
  return typeof mtime === "number" ? mtime : mtime.seconds + mtime.nanoseconds / 1e9;
}
