/** Writes some bytes into a session and keeps it open: for sessions_test.ts. */

import process from "node:process";
import { streamOf, utf8 } from "../../src/bytes.ts";
import { layout } from "../../src/layout/mod.ts";

const [directory = ".", session = ""] = process.argv.slice(2);
const ingest = await layout(directory).ingest(session);
console.log(await ingest.append(streamOf(utf8("its bytes,")), 0));
// A session that nobody holds is closed by the garbage collector, with an error.
setInterval(() => ingest.offset, 1000);
