/** Takes a lease, notes a digest in it, and keeps it: for leases_test.ts. */

import process from "node:process";
import { GantryDirectory } from "../../src/disk/gantry_directory.ts";
import { Leases } from "../../src/disk/leases.ts";

const [directory, id, milliseconds] = process.argv.slice(2) as [string, string, string];
const leases = new Leases(new GantryDirectory(directory));
const expires = milliseconds === "0" ? undefined : new Date(Date.now() + Number(milliseconds));
const lease = await leases.take({ id, expires });
await leases.note(`sha256:${"1".repeat(64)}`);
console.log("held");
setInterval(() => lease.id, 1000);
