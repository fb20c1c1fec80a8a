/** Adds to counters by compare-and-set, as often as it is told: for metadata_test.ts. */

import process from "node:process";
import { SqliteMetadata } from "../../../src/store/sqlite/metadata.ts";

const [path = "", times = "1", milliseconds = "0"] = process.argv.slice(2);
await using metadata = new SqliteMetadata(path);
const end = performance.now() + Number(milliseconds);
let added = 0, lost = 0;
while (added < Number(times) || performance.now() < end) {
  const key = `counter-${added % 3}`;
  const entry = await metadata.get("counters", key);
  const value = String(Number(entry?.value ?? 0) + 1);
  if (await metadata.commit([{ bucket: "counters", key, value, expect: entry?.version ?? null }])) added++;
  else lost++;
}
console.log(JSON.stringify({ added, lost }));
