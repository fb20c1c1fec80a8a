/** Gives the page's owner the cases, and its own: what the core does there, and packages do that it needs. */

import { readAll } from "../../../src/bytes.ts";
import { addCodecEngine, decompress, gunzip, gzip, unzstd, zstd } from "../../../src/codec/mod.ts";
import { zstdCodec } from "../../../src/codec/zstd_codec.ts";
import {
  addHashEngine,
  type Algorithm,
  createHasher,
  type Digest,
  digestAll,
  digestBytes,
} from "../../../src/digest/mod.ts";
import { hashWasm } from "../../../src/digest/hash_wasm.ts";
import { type Layer, openImage, registry } from "../../../src/edge.ts";
import { type Case, cases, equal, fails, greeting, large, noise, run, type Setting } from "../cases.ts";

const own: Record<string, Case> = {
  "hashes streams in the core, and with hash-wasm what that does not have": async () => {
    equal(
      await digestOf("sha256"),
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    await fails(createHasher("sha512"), "no-engine");
    addHashEngine(hashWasm);
    equal((await digestOf("sha512")).slice(0, 23), "sha512:ddaf35a193617aba");
  },

  "compresses and digests in threads": async () => {
    const content = await new Response(noise(large)()).bytes();
    const packed = await Promise.all([1, 3].map(async (workers) => {
      const stream = noise(large)().pipeThrough(gzip({ level: 1, workers }));
      return await new Response(stream).bytes();
    }));
    equal(await digestBytes(packed[0]!), await digestBytes(packed[1]!));
    const unpacked = new Blob(packed.slice(1)).stream().pipeThrough(gunzip());
    const inputs = [unpacked, content, noise(large)];
    const digests = await digestAll(inputs, { engine: "wasm", workers: 2 });
    equal(new Set([...digests, await digestBytes(content)]).size, 1);
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

async function digestOf(algorithm: Algorithm): Promise<Digest> {
  const hasher = await createHasher(algorithm);
  for (const text of ["a", "b", "c"]) await hasher.update(new TextEncoder().encode(text));
  return await hasher.digest();
}

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
