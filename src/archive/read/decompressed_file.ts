import { decompress } from "../../codec/decode.ts";
import { sniff, sniffLength } from "../../codec/sniff.ts";
import { GantryError } from "../../errors.ts";
import { readBytes, readSlice, type Slices } from "../../content/slices.ts";
import { Temporary } from "../../disk/temporary.ts";

/** A tar to be read from any place on, and the end of it. */
export interface Tar {
  bytes: Slices;
  close(): Promise<void>;
}

/** Unpacks what is compressed as a whole, into a temporary file: nothing in it can be read from any place on. */
export async function unwrap(bytes: Slices, what: string, signal?: AbortSignal): Promise<Tar> {
  const compression = sniff(await readBytes(bytes, [0, Math.min(sniffLength, bytes.size)], what, signal));
  if (compression === "plain") return { bytes, close: () => Promise.resolve() };
  if (compression !== "gzip" && compression !== "zstd") {
    throw new GantryError(
      "unsupported",
      `open ${what}: it is compressed with ${compression}, unpack it first (${
        compression === "xz" ? "xz" : "bzip2"
      } -d)`,
    );
  }
  const file = await Temporary.create();
  try {
    const packed = readSlice(bytes, [0, bytes.size], what, signal);
    await file.add(packed.pipeThrough(decompress({ what })), signal);
    return { bytes: file, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}
