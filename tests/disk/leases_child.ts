/** Takes a lease, notes a digest in it, and keeps it: for leases_test.ts. */

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { Leases } from "../../src/disk/leases.ts";

const [directory, id, milliseconds] = process.argv.slice(2) as [string, string, string];
const leases = new Leases(
  join(directory, "leases"),
  () => Promise.resolve(join(directory, `temporary-${randomUUID()}`)),
);
const expires = milliseconds === "0" ? undefined : new Date(Date.now() + Number(milliseconds));
await leases.take({ id, expires });
await leases.note(`sha256:${"1".repeat(64)}`);
console.log("held");
setInterval(() => {}, 1000);
