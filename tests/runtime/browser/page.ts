/** Gives the page's owner the cases, and those of packages without which a browser hashes no streams and reads no zstd. */

import { readAll } from "../../../src/bytes.ts";
import { addCodecEngine, decompress, unzstd, zstd } from "../../../src/codec/mod.ts";
import { zstdCodec } from "../../../src/codec/zstd_codec.ts";
import { addHashEngine, createHasher } from "../../../src/digest/mod.ts";
import { hashWasm } from "../../../src/digest/hash_wasm.ts";
import { type Layer, openImage, registry } from "../../../src/edge.ts";
import { type Case, cases, equal, fails, greeting, large, noise, run, type Setting } from "../cases.ts";

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

  "reads the entries of a zstd layer once it has zstd-codec": async ({ host }) => {
    const image = await openImage(registry(`${host}/packed`), "v1");
    const [layer] = await image.layers();
    await fails(entriesOf(layer!), "no-engine");
    for (const engine of zstdCodec) addCodecEngine(engine);
    equal(await entriesOf(layer!), `etc/,,${greeting.path},${greeting.content}`);
    equal(await layer!.diffID(), (await image.config()).rootfs.diff_ids[0]);
  },

  "compresses to zstd and back": async () => {
    const content = await new Response(noise(large)()).bytes();
    const packed = noise(large)().pipeThrough(zstd({ level: 9 })).pipeThrough(unzstd());
    const back = await new Response(packed).bytes();
    equal(back.length, content.length);
    equal(back.findIndex((byte, at) => byte !== content[at]), -1);
  },

  "refuses broken zstd": async () => {
    const packed = await new Response(noise(1000)().pipeThrough(zstd())).bytes();
    for (const [at, end] of [[packed.length - 1, undefined], [6, undefined], [0, 500]] as const) {
      const broken = packed.slice(0, end);
      if (end === undefined) broken[at]! ^= 0xff;
      const read = readAll(new Blob([broken]).stream().pipeThrough(decompress()), {
        limit: 2000,
        what: "it",
      });
      await fails(read, "invalid-archive");
    }
  },
};

async function entriesOf(layer: Layer): Promise<string> {
  const read: string[] = [];
  for await (const { path, readable } of layer.entries()) {
    read.push(path, await new Response(readable).text());
  }
  return read.join();
}

const all = { ...own, ...cases };

Object.assign(globalThis, {
  caseNames: Object.keys(all),
  runCase: (name: string, setting: Setting) => run(all[name], setting),
});
