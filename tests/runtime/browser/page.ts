/** Gives the page's owner the cases, and one more: without hash-wasm, a browser hashes no streams. */

import { addHashEngine, createHasher } from "../../../src/digest/mod.ts";
import { hashWasm } from "../../../src/digest/hash_wasm.ts";
import { type Case, cases, equal, fails, run, type Setting } from "../cases.ts";

const own: Record<string, Case> = {
  "hashes streams once it has hash-wasm": async () => {
    await fails(createHasher(), "no-engine");
    addHashEngine(hashWasm);
    const hasher = await createHasher();
    for (const text of ["a", "b", "c"]) await hasher.update(new TextEncoder().encode(text));
    equal(
      await hasher.digest(),
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  },
};
const all = { ...own, ...cases };

Object.assign(globalThis, {
  caseNames: Object.keys(all),
  runCase: (name: string, setting: Setting) => run(all[name], setting),
});
