/** Archives with something wrong in them, and what becomes of them. The same seed gives the same cases. */

import { archive, writeArchive } from "../../src/archive/mod.ts";
import { type Bytes, concat, utf8 } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { openRoot, validate } from "../../src/image/mod.ts";
import {
  blobOf,
  bytesOf,
  configFor,
  digestOf,
  type Files,
  filesIn,
  gzipped,
  imageOf,
  layerTar,
  ociFiles,
  saved,
  tarOf,
  zstandard,
} from "../archive/support.ts";

/** A case: its bytes, and how it came about. */
export interface Case {
  bytes: Bytes;
  how: string;
}

/** Random numbers from a seed: https://github.com/cprosche/mulberry32 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * end);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }
}

/** One archive of each kind, as files. */
export async function seeds(): Promise<Files[]> {
  const { files, config, layer } = await ociFiles({
    annotations: {
      "io.containerd.image.name": "docker.io/library/app:v1",
      "org.opencontainers.image.ref.name": "v1",
    },
  });
  const item = { Config: blobOf(digestOf(config)), RepoTags: ["app:v1"], Layers: [blobOf(digestOf(layer))] };
  const tar = await layerTar("saved");
  const image = await imageOf("made");
  const made = [];
  for (const format of ["combined", "docker", "legacy"] as const) {
    const parts = await filesIn(writeArchive([{ image, names: ["made:v1"] }], { format }));
    made.push(
      [...parts].map(([path, text]): Files[0] => [path, Uint8Array.from(text, (c) => c.charCodeAt(0))]),
    );
  }
  return [
    files,
    [...files, ["manifest.json", JSON.stringify([item])]],
    await saved(),
    await saved({ layer: gzipped(tar) }),
    await saved({
      layer: zstandard(tar),
      config: configFor([tar], { history: [{}, { empty_layer: true }] }),
    }),
    await saved({
      without: ["l/layer.tar"],
      more: [["l/layer.tar", { symlink: "../m.tar" }], ["m.tar", tar]],
    }),
    ...made,
  ];
}

/** What JSON documents get in place of what they have. */
const values = [
  "null",
  "[]",
  "{}",
  '""',
  "0",
  "-1",
  "1e99",
  "true",
  '"../../etc/passwd"',
  '"sha256:0"',
  '{"__proto__":1}',
  "[null]",
  '"manifest.json"',
  "12345678901234567890",
  '"\\u0000"',
];
/** And what names of files become. */
const paths = [
  "manifest.json",
  "index.json",
  "oci-layout",
  "../x",
  "/",
  "",
  "l/layer.tar",
  "c.json",
  "m.tar",
  "a/../c.json",
  "l",
];

/** Changes a document, a name or a link here and there. */
function mutateFiles(files: Files, random: Random): Files {
  const changed: Files = files.map(([path, content]) => [path, content]);
  const at = random.below(changed.length);
  const [path, content] = changed[at]!;
  switch (random.below(8)) {
    case 0:
      changed[at] = [random.one(paths) || "x", content];
      break;
    case 1:
      if (changed.length > 1) changed.splice(at, 1);
      break;
    case 2:
      changed.splice(random.below(changed.length), 0, [path, content]);
      break;
    case 3:
      changed[at] = [
        path,
        random.below(2) ? { symlink: random.one(paths) || "." } : { hardlink: random.one(paths) || "." },
      ];
      break;
    default: {
      const documents = changed.filter(([, content]) => isDocument(content));
      const document = documents.length > 0 ? random.one(documents) : changed[at]!;
      document[1] = mutateJson(document[1], random);
    }
  }
  return changed;
}

function isDocument(content: Files[0][1]): boolean {
  const text = textOf(content);
  return text.startsWith("{") || text.startsWith("[");
}

function textOf(content: Files[0][1]): string {
  if (typeof content === "string") return content;
  return content instanceof Uint8Array ? new TextDecoder("latin1").decode(content) : "";
}

/** Puts another value in place of one, or takes a piece out. */
function mutateJson(content: Files[0][1], random: Random): Files[0][1] {
  const text = textOf(content);
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+|null|true|false/g)];
  if (tokens.length === 0) return content;
  const { 0: token, index } = random.one(tokens);
  const value = random.below(6) === 0
    ? ""
    : random.below(3) === 0
    ? random.one(tokens)[0]
    : random.one(values);
  return text.slice(0, index) + value + text.slice(index + token.length);
}

/** Changes bytes, whatever they are; headers get their checksum again, so that what is in them is looked at. */
function mutateBytes(tar: Bytes, random: Random): Bytes {
  const bytes = tar.slice();
  switch (random.below(6)) {
    case 0:
      return bytes.slice(0, random.below(bytes.length));
    case 1:
      return concat([
        bytes.subarray(0, random.below(bytes.length)),
        bytes.subarray(random.below(bytes.length)),
      ]);
    case 2: {
      const [from, to] = [random.below(bytes.length / 512), random.below(bytes.length / 512)];
      bytes.copyWithin(to * 512, from * 512, from * 512 + 512);
      return bytes;
    }
    default: {
      const at = random.below(bytes.length);
      for (let i = 0; i <= random.below(4); i++) {
        bytes[Math.min(bytes.length - 1, at + random.below(16))] = random.one([
          0,
          0x20,
          0x2f,
          0x30,
          0x37,
          0x80,
          0xff,
          random.below(256),
        ]);
      }
      const header = bytes.subarray(at - at % 512, at - at % 512 + 512);
      if (random.below(2) && header.length === 512) {
        header.fill(0x20, 148, 156);
        const sum = header.reduce((sum, byte) => sum + byte, 0);
        header.set(utf8(`${sum.toString(8).padStart(6, "0")}\0`), 148);
      }
      return bytes;
    }
  }
}

/** The case of a number. */
export async function caseOf(n: number, seed: number, from: readonly Files[]): Promise<Case> {
  const random = new Random(seed + Math.imul(n, 0x9e3779b1));
  const which = random.below(from.length);
  let files = from[which]!;
  let times = 0;
  for (; random.below(3) > 0 && times < 4; times++) files = mutateFiles(files, random);
  let bytes: Bytes = await tarOf(files);
  const broken = times === 0 || random.below(4) === 0;
  if (broken) bytes = mutateBytes(bytes, random);
  const wrapped = random.below(8);
  if (wrapped < 2) bytes = wrapped ? gzipped(bytes) : zstandard(bytes);
  if (wrapped < 2 && random.below(2)) bytes = mutateBytes(bytes, random);
  return {
    bytes,
    how: `seed ${seed}, case ${n}: archive ${which}, ${times} changes, ${
      broken ? "broken" : "whole"
    }, ${wrapped}`,
  };
}

/** Does with an archive all that can be done. What it throws is a `GantryError`, or a fault. */
export async function useAll(bytes: Bytes): Promise<"read" | "refused"> {
  const there = archive(new Blob([bytes]));
  try {
    const names: string[] = [];
    for await (const name of there.names()) names.push(name);
    let read = 0;
    for (const name of [...names.slice(0, 5), "@0", "@1"]) read += await tryOne(name);
    for await (const root of there.roots()) await copy(await openRoot(there, root), memory());
    return read > 0 ? "read" : "refused";
  } catch (error) {
    if (GantryError.is(error)) return "refused";
    throw error;
  } finally {
    await there.close();
  }

  async function tryOne(name: string): Promise<number> {
    try {
      const root = await openRoot(there, name);
      if ((await validate(root)).length > 0) return 0;
      const target = memory();
      const { descriptor } = await copy(root, target, { name: "v1" });
      for await (const _ of there.referrers(descriptor)) continue;
      await bytesOf(writeArchive([{ image: await openRoot(target, "v1") }]));
      return 1;
    } catch (error) {
      if (GantryError.is(error)) return 0;
      throw error;
    }
  }
}

/** What a run came to. */
export interface Tally {
  read: number;
  refused: number;
  /** The longest that one case took, in milliseconds. */
  slowest: number;
}

/** Runs so many cases. A fault names the case. */
export async function fuzz(
  count: number,
  seed: number,
  done: (n: number) => void = () => {},
): Promise<Tally> {
  const tally: Tally = { read: 0, refused: 0, slowest: 0 };
  const from = await seeds();
  for (let n = 0; n < count; n++) {
    const { bytes, how } = await caseOf(n, seed, from);
    const start = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("it hangs")), 20_000);
    });
    try {
      tally[await Promise.race([useAll(bytes), late])]++;
    } catch (cause) {
      throw new Error(`${how}: ${cause}`, { cause });
    } finally {
      clearTimeout(timer);
    }
    tally.slowest = Math.max(tally.slowest, performance.now() - start);
    done(n + 1);
  }
  return tally;
}
