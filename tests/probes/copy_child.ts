/**
 * Copies `v1` from one place to another with a session, and prints after each piece of the layer how far it has read;
 * its parent kills it. `copy_child.ts FROM TO SESSIONS`
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { directorySessions } from "../../src/cli/support/upload_sessions.ts";
import type { Source, Target } from "../../src/content/contracts.ts";
import { copy, type CopyEvent } from "../../src/copy/mod.ts";
import { openRoot } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { registry } from "../../src/registry/mod.ts";

const [from, to, sessions] = process.argv.slice(2) as [string, string, string];

function place(name: string): Target {
  if (name.startsWith("/")) return layout(name);
  return registry(name, { sessions: directorySessions(sessions), pieceSize: 1024 * 1024 });
}

let layer = -1;
function progress(event: CopyEvent): void {
  if (event.type === "start" && event.mediaType.includes("layer")) layer = event.id;
  if (event.type === "progress" && event.id === layer) writeSync(1, `${event.bytes}\n`);
}

/** Tells where reading goes on. */
function telling(source: Source): Source {
  return {
    resolve: (name, options) => source.resolve(name, options),
    open: (what, options) => {
      if (options?.start) writeSync(1, `from ${options.start}\n`);
      return source.open(what, options);
    },
  };
}

async function main(): Promise<void> {
  await copy(await openRoot(telling(place(from)), "v1"), place(to), {
    name: "v1",
    session: "probe",
    progress,
  });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
