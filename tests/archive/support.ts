/** What the tests of archives share: archives made by hand. */

import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import type { Slices } from "../../src/archive/mod.ts";
import { emptyImage, type Image, layer } from "../../src/image/mod.ts";
import { type Digest, mediaTypes } from "../../src/spec/mod.ts";
import { readTar, type TarItem, writeTar } from "../../src/tar/mod.ts";
export { fails } from "../../src/testing/errors.ts";

/** What is in an archive: files, and links if the value says so. */
export type Files = [
  path: string,
  content: string | Uint8Array | { symlink: string } | { hardlink: string },
][];

/** A tar of files, in order. */
export async function tarOf(files: Files): Promise<Bytes> {
  return await bytesOf(writeTar(files.map(([path, content]): TarItem => {
    if (typeof content === "object" && "symlink" in content) {
      return { type: "symlink", path, linkname: content.symlink };
    }
    if (typeof content === "object" && "hardlink" in content) {
      return { type: "hardlink", path, linkname: content.hardlink };
    }
    const bytes = new Uint8Array(typeof content === "string" ? utf8(content) : content);
    return { type: "file", path, size: bytes.length, readable: new Blob([bytes]).stream() };
  })));
}

/** The header of a file with other fields: places in the header, and texts to put there. */
export async function headerOf(path: string, fields: Record<number, string>): Promise<Bytes> {
  const header = (await tarOf([[path, ""]])).slice(0, 512);
  for (const [at, text] of Object.entries(fields)) header.set(utf8(text), Number(at));
  header.fill(0x20, 148, 156);
  const sum = header.reduce((sum, byte) => sum + byte, 0);
  header.set(utf8(`${sum.toString(8).padStart(6, "0")}\0`), 148);
  return header;
}

/** A number as headers have it. */
export function octal(value: number): string {
  return value.toString(8).padStart(11, "0");
}

/** All of a stream. */
export async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Bytes> {
  return new Uint8Array(await new Response(stream as ReadableStream<Bytes>).arrayBuffer());
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** A tar to be a layer, unlike any other. */
export function layerTar(text: string): Promise<Bytes> {
  return tarOf([["file", text]]);
}

export const gzipped = (bytes: Uint8Array): Bytes => new Uint8Array(gzipSync(bytes));
export const zstandard = (bytes: Uint8Array): Bytes => new Uint8Array(zstdCompressSync(bytes));

/** A config for layers. */
export function configFor(layers: readonly Uint8Array[], more: object = {}): string {
  const diff_ids = layers.map(digestOf);
  return JSON.stringify({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids },
    ...more,
  });
}

/** What `docker save` would write of one image with one layer; some of it as told. */
export async function saved(
  changes: { manifest?: unknown; config?: string; layer?: Uint8Array; more?: Files; without?: string[] } = {},
): Promise<Files> {
  const tar = await layerTar("saved");
  const manifest = changes.manifest ?? [{ Config: "c.json", RepoTags: ["app:v1"], Layers: ["l/layer.tar"] }];
  const files: Files = [
    ["c.json", changes.config ?? configFor([tar])],
    ["l/layer.tar", changes.layer ?? tar],
    ["manifest.json", typeof manifest === "string" ? manifest : JSON.stringify(manifest)],
  ];
  return [...files.filter(([path]) => !changes.without?.includes(path)), ...changes.more ?? []];
}

/** An OCI layout of one image with one layer; some of it as told. */
export async function ociFiles(
  changes: { layer?: Uint8Array; mediaType?: string; layers?: object[]; annotations?: object } = {},
): Promise<{ files: Files; digest: Digest; config: string; layer: Bytes }> {
  const layer = await layerTar("oci");
  const blob = changes.layer ?? layer;
  const config = configFor([layer]);
  const blobs = [blob, utf8(config)];
  const manifest = utf8(JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(utf8(config), mediaTypes.ociConfig),
    layers: changes.layers ?? [descriptorOf(blob, changes.mediaType ?? mediaTypes.ociLayer)],
  }));
  const entry = { ...descriptorOf(manifest, mediaTypes.ociManifest), annotations: changes.annotations };
  const files: Files = [
    ["oci-layout", '{"imageLayoutVersion":"1.0.0"}'],
    ["index.json", JSON.stringify({ schemaVersion: 2, manifests: [entry] })],
    ...[...blobs, manifest].map((bytes): Files[0] => [blobOf(digestOf(bytes)), bytes]),
  ];
  return { files, digest: digestOf(manifest), config, layer };
}

export function descriptorOf(
  bytes: Uint8Array,
  mediaType: string,
): { mediaType: string; digest: Digest; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

export function blobOf(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** An image made here, of one layer that can be read as often as anybody likes. */
export async function imageOf(
  text: string,
  options: { architecture?: string; compression?: "zstd" } = {},
): Promise<Image> {
  const { architecture = "amd64", compression = "none" } = options;
  return emptyImage({ os: "linux", architecture }).append(layer(await layerTar(text), { compression }));
}

/** The names in a tar, and its texts. */
export async function filesIn(tar: ReadableStream<Bytes> | Bytes): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (
    const { path, readable } of readTar(tar instanceof Uint8Array ? new Blob([tar]).stream() : tar)
  ) {
    files.set(path, new TextDecoder("latin1").decode(await bytesOf(readable)));
  }
  return files;
}

/** Bytes that count how many of them are read. */
export function counted(bytes: Blob): Slices & { read: number } {
  const slices = {
    read: 0,
    size: bytes.size,
    slice: (start: number, end: number) => ({
      stream: () =>
        bytes.slice(start, end).stream().pipeThrough(
          new TransformStream<Bytes, Bytes>({
            transform(chunk, controller) {
              slices.read += chunk.byteLength;
              controller.enqueue(chunk);
            },
          }),
        ),
    }),
  };
  return slices;
}
