import type { Bytes } from "../bytes.ts";
import { concat, readAll, streamOf, utf8 } from "../bytes.ts";
import type { Address, Content, Source, Target } from "../content/contracts.ts";
import { digestBytes } from "../digest/mod.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";

export async function describeBytes(bytes: Bytes): Promise<Descriptor> {
  return { mediaType: mediaTypes.octetStream, digest: await digestBytes(bytes), size: bytes.byteLength };
}

export async function known(bytes: Bytes): Promise<Content & { bytes: Bytes; digest: Digest }> {
  return {
    ...await describeBytes(bytes),
    bytes,
    replayable: true,
    open: ({ start = 0 } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
  };
}

/** An image manifest whose config is in the target, made unlike any other by its note. */
export async function manifest(target: Target, note: string, more: object = {}) {
  const config = await target.write({ ...await known(utf8("{}")), mediaType: mediaTypes.ociEmpty });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: config.descriptor,
    layers: [],
    ...more,
    annotations: { note },
  };
  const bytes = concat([utf8(JSON.stringify(document, null, 3)), utf8("\n")]);
  return { bytes, content: { ...await known(bytes), mediaType: mediaTypes.ociManifest } };
}

export async function stored(target: Target, note: string, more: object = {}): Promise<Descriptor> {
  const { content } = await manifest(target, note, more);
  return (await target.write(content, { role: "manifest" })).descriptor;
}

export async function read(
  source: Source,
  what: Address,
  options: Parameters<Source["open"]>[1] = {},
): Promise<Bytes> {
  return await readAll(await source.open(what, options), { limit: 1e8, what: what.digest });
}

export function facts({ digest, size }: Descriptor): { digest: Digest; size: number } {
  return { digest, size };
}

export function rootCause(error: unknown): Error {
  return error instanceof Error && error.cause ? rootCause(error.cause) : error as Error;
}
