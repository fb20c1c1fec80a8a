/**
 * Copies `v1` from one place to another (`copy`) or into a tarball (`tarball`), fetches a URL (`fetch`) or does nothing
 * (`idle`), and prints the peak of its memory in bytes. Linux only.
 */

import process from "node:process";
import { saveArchive } from "../../src/archive/mod.ts";
import type { Target } from "../../src/content/contracts.ts";
import { copy } from "../../src/copy/mod.ts";
import { openRoot } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { registry } from "../../src/registry/mod.ts";
import { tellPeak } from "./peak.ts";

const [mode, from, to] = process.argv.slice(2) as [string, string, string];
const place = (name: string): Target =>
  name.startsWith("/") ? layout(name) : registry(name, { insecure: true });

const image = () => openRoot(place(from), "v1");

if (mode === "copy") await copy(await image(), place(to), { name: "v1" });
else if (mode === "tarball") await saveArchive(to, [{ image: await image(), names: ["app:v1"] }]);
else if (mode === "fetch") await (await fetch(from)).body!.pipeTo(new WritableStream());
else await new Promise((resolve) => setTimeout(resolve, 500));

tellPeak();
