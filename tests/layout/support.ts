/** What the tests of layouts share. */

import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Bytes, readAll, streamOf, utf8 } from "../../src/bytes.ts";
import type { Address, Content, Source, Target } from "../../src/content/contracts.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { scriptCommand } from "../support/spawn.ts";
export { collect } from "../../src/testing/collect.ts";
export { inDirectory } from "../support/directory.ts";

/** Bytes as content that tells all about itself. */
export async function contentOf(bytes: Bytes, mediaType: string = mediaTypes.octetStream): Promise<Content> {
  return {
    mediaType,
    digest: await digestBytes(bytes),
    size: bytes.byteLength,
    replayable: true,
    open: ({ start = 0 } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
  };
}

/** Writes a blob of text. */
export async function putText(target: Target, text: string): Promise<Descriptor> {
  return (await target.write(await contentOf(utf8(text)))).descriptor;
}

/** Writes an image of one layer, both unlike any other's. */
export async function putImage(
  target: Target,
  note: string,
  { name, ...more }: { name?: string; subject?: Descriptor; artifactType?: string } = {},
): Promise<Descriptor> {
  const config = {
    ...await putText(target, `{"note":${JSON.stringify(note)}}`),
    mediaType: mediaTypes.ociConfig,
  };
  const layers = [{ ...await putText(target, `layer of ${note}`), mediaType: mediaTypes.ociLayer }];
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers, ...more };
  const content = await contentOf(utf8(JSON.stringify(document)), mediaTypes.ociManifest);
  return (await target.write(content, { role: "manifest", name })).descriptor;
}

/** Writes an index. */
export async function putIndex(
  target: Target,
  manifests: readonly Descriptor[],
  { name, ...more }: { name?: string; subject?: Descriptor } = {},
): Promise<Descriptor> {
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, ...more };
  const content = await contentOf(utf8(JSON.stringify(document)), mediaTypes.ociIndex);
  return (await target.write(content, { role: "manifest", name })).descriptor;
}

/** Reads bytes whole. */
export async function readText(source: Source, what: Address): Promise<string> {
  return new TextDecoder().decode(await readAll(await source.open(what), { limit: 1e8, what: what.digest }));
}

/** Every file below a directory, in order. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** A script that runs in a process of its own, under the runtime that runs the test. */
export interface Script {
  /** Its number. */
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  /** Waits until it has printed so many lines. */
  lines(count: number): Promise<string[]>;
  /** Kills it, as -9 does, and waits until it is gone. */
  kill(): Promise<void>;
  /** Waits for its end, which must be a good one. */
  done(): Promise<string>;
}

/** Starts a script. */
export function start(script: string, ...args: string[]): Script {
  return run(commandOf(script, args));
}

/** Starts a script that cannot write files larger than so many bytes. */
export function startLimited(fileSize: number, script: string, ...args: string[]): Script {
  // POSIX counts in blocks of 512 bytes; with the signal ignored, the write fails.
  const limit = `trap "" XFSZ; ulimit -f ${fileSize / 512}; exec "$@"`;
  return run(["sh", "-c", limit, "sh", ...commandOf(script, args)]);
}

function commandOf(script: string, args: string[]): string[] {
  return [...scriptCommand(), fileURLToPath(new URL(script, import.meta.url)), ...args];
}

function run([program, ...args]: string[]): Script {
  const child = spawn(program!, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  let output = "", errors = "";
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    for (const look of watchers) look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const failed = (code: number | null) =>
    new Error(`${args.join(" ")} ended with ${code}: ${output}\n${errors}`);
  return {
    pid: child.pid!,
    output: () => output,
    lines: (count) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const lines = output.split("\n").slice(0, -1);
          if (lines.length < count) return;
          watchers.delete(look);
          resolve(lines);
        };
        watchers.add(look);
        look();
        ended.then((code) => reject(failed(code)));
      }),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async done() {
      const code = await ended;
      if (code !== 0) throw failed(code);
      return output;
    },
  };
}
