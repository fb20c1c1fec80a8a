import { GantryError } from "../../errors.ts";
import type { Database } from "./driver.ts";

/** What makes each version of the schema from the one before. A new version is a line more; none is ever changed. */
const migrations: readonly string[] = [
  `CREATE TABLE records (
     bucket TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (bucket, key)
   ) WITHOUT ROWID;
   CREATE TABLE state (version INTEGER NOT NULL);
   INSERT INTO state VALUES (0);`,
];

/** Sets a database up, and brings an older one up to date. */
export function migrate(database: Database, path: string): void {
  database.exec("PRAGMA busy_timeout = 50");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  if (versionOf(database) === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = versionOf(database); // another process may have been faster
    if (version > migrations.length) {
      throw new GantryError(
        "unsupported",
        `open ${JSON.stringify(path)}: a newer version of Gantry made it (schema ${version}), use that one`,
      );
    }
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function versionOf(database: Database): number {
  return (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}
