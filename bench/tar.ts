/**
 * Reading a tar of 500 MB made of slices of /usr, its headers alone and all of it, and writing it: `deno task bench`,
 * `bun bench/tar.ts`. The tar is in memory, in chunks of 64 KiB.
 */

import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import type { Dirent } from "node:fs";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createTarDecoder, createTarPacker, type TarHeader } from "modern-tar";
import { Parser } from "tar";
import type { Bytes } from "../src/bytes.ts";
import { chunksOf, concat } from "../src/bytes.ts";
import type { TarEntry, TarItem } from "../src/tar/mod.ts";
import { readTar, writeTar } from "../src/tar/mod.ts";
import { drained } from "./data.ts";
import { race } from "./run.ts";

const wanted = 500_000_000;
const largestFile = 4 * 1024 * 1024;
const chunkSize = 64 * 1024;

/** Paths from all over /usr, so many that the tar is as large as wanted. */
function slices(): string[] {
  const all: string[] = [];
  let total = 0;
  const walk = (directory: string) => {
    const entries = readdirSync(directory, { withFileTypes: true });
    for (const entry of entries.sort((a: Dirent, b: Dirent) => a.name < b.name ? -1 : 1)) {
      const path = join(directory, entry.name);
      const size = entry.isFile() ? lstatSync(path).size : 0;
      if (size > largestFile) continue;
      all.push(path);
      total += size;
      if (entry.isDirectory()) walk(path);
    }
  };
  walk("/usr");
  const step = Math.max(1, total / wanted);
  return Array.from({ length: Math.floor(all.length / step) }, (_, i) => all[Math.floor(i * step)]!);
}

/** GNU tar packs them: nobody's own writer. */
async function packed(paths: readonly string[]): Promise<Bytes> {
  const tar = spawn("tar", ["-C", "/", "--no-recursion", "--null", "-T", "-", "-cf", "-"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  tar.stdin.end(paths.map((path) => path.slice(1)).join("\0"));
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar.stdout as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return concat(chunks);
}

function pieces(bytes: Bytes): Bytes[] {
  return Array.from(
    { length: Math.ceil(bytes.length / chunkSize) },
    (_, i) => bytes.subarray(i * chunkSize, (i + 1) * chunkSize),
  );
}

function streamed(chunks: readonly Bytes[]): ReadableStream<Bytes> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks[next++];
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

interface Kept {
  item: Omit<TarItem, "readable">;
  header: TarHeader;
  content: Bytes[];
}

/** What there is to write, for everybody in his own words. */
async function contents(tar: Bytes): Promise<Kept[]> {
  const all: Kept[] = [];
  for await (const entry of readTar(streamed(pieces(tar)))) {
    const { type, path, size, linkname, mode, uid, gid, uname, gname, mtime } = entry;
    const link = type === "symlink" || type === "hardlink" ? { linkname } : {};
    all.push({
      item: { type, path, size, ...link, options: { mode, uid, gid, uname, gname, mtime: mtime.seconds } },
      header: {
        name: path,
        type: type === "hardlink" ? "link" : type as "file",
        size,
        mode,
        uid,
        gid,
        uname,
        gname,
        mtime: new Date(mtime.seconds * 1000),
        ...link,
      },
      content: await content(entry),
    });
  }
  return all;
}

async function content(entry: TarEntry): Promise<Bytes[]> {
  const chunks: Bytes[] = [];
  for await (const chunk of chunksOf(entry.readable)) chunks.push(chunk);
  return chunks;
}

const tar = await packed(slices());
const chunks = pieces(tar);
const kept = await contents(tar);
const contentLength = kept.reduce((sum, { item }) => sum + item.size!, 0);

/** Nobody wins by doing less. What is written may have other headers, and less at its end. */
function check(found: number, expected: number, slack = 0): void {
  if (Math.abs(found - expected) > slack * expected) throw new Error(`${found}, expected ${expected}`);
}

const megabytes = Math.round(tar.length / 1e6);
await race("tar", [
  {
    job: `read the ${kept.length} headers of ${megabytes} MB`,
    bytes: tar.length,
    async gantry() {
      let found = 0;
      for await (const { path, size } of readTar(streamed(chunks))) if (path && size >= 0) found++;
      check(found, kept.length);
    },
    rivals: {
      "modern-tar": {
        bar: 1,
        async run() {
          let found = 0;
          const reader = streamed(chunks).pipeThrough(createTarDecoder()).getReader();
          for (;;) {
            const { done, value } = await reader.read();
            if (done) break;
            if (value.header.name && value.header.size >= 0) found++;
            await value.body.cancel();
          }
          check(found, kept.length);
        },
      },
      "npm tar": {
        bar: 0.8,
        async run() {
          let found = 0;
          const parser = new Parser({
            onReadEntry(entry) {
              if (entry.path && entry.size >= 0) found++;
              entry.resume();
            },
          });
          const ended = new Promise((resolve) => parser.on("end", resolve));
          for await (const chunk of chunksOf(streamed(chunks))) {
            const flowing = parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
            if (!flowing) await new Promise((resolve) => parser.once("drain", resolve));
          }
          parser.end();
          await ended;
          check(found, kept.length);
        },
      },
    },
  },
  {
    job: "read all of it",
    bytes: tar.length,
    async gantry() {
      let length = 0;
      for await (const { readable } of readTar(streamed(chunks))) length += await drained(readable);
      check(length, contentLength);
    },
    rivals: {
      "modern-tar": {
        async run() {
          let length = 0;
          const reader = streamed(chunks).pipeThrough(createTarDecoder()).getReader();
          for (;;) {
            const { done, value } = await reader.read();
            if (done) break;
            length += await drained(value.body);
          }
          check(length, contentLength);
        },
      },
    },
  },
  {
    job: `write ${kept.length} entries, ${megabytes} MB`,
    bytes: tar.length,
    async gantry() {
      function* items(): Generator<TarItem> {
        for (const { item, content } of kept) {
          yield content.length === 0 ? item : { ...item, readable: streamed(content) };
        }
      }
      check(await drained(writeTar(items())), tar.length, 0.02);
    },
    rivals: {
      "modern-tar": {
        bar: 1,
        async run() {
          const { readable, controller } = createTarPacker();
          const draining = drained(readable);
          for (const { header, content } of kept) {
            const writer = controller.add(header).getWriter();
            for (const chunk of content) await writer.write(chunk);
            await writer.close();
          }
          controller.finalize();
          check(await draining, tar.length, 0.02);
        },
      },
    },
  },
]);
