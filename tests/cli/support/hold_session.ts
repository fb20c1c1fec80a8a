/** Remembers an upload and lives on: DIRECTORY KEY VALUE. */

import process from "node:process";
import { directorySessions } from "../../../src/cli/support/upload_sessions.ts";

const [, , directory, key, value] = process.argv;
await directorySessions(directory!).set(key!, value!);
console.log("held");
setInterval(() => {}, 1000);
