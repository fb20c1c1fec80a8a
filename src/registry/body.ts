import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";

/** The bytes of a blob. */
export interface Body {
  /** The next bytes; undefined at the end. */
  read(): Promise<Bytes | undefined>;
}

/**
 * The blob in the body of a response. Some servers compress what they were asked to send as it is, and some give for an
 * encoding what is the blob's own: `layer.tar.gz` with `Content-Encoding: gzip`. The length tells them apart.
 *
 * @throws {GantryError} `unsupported` where the runtime has undone what was the blob's own, or the encoding is not gzip.
 */
export function bodyOf(response: HttpResponse, size: number | undefined): Body {
  const { encoded, decoded, headers, what } = response;
  const stored = size !== undefined && headers.get("content-length") === String(size);
  if (!encoded || decoded !== stored) return response;
  const encoding = headers.get("content-encoding")!;
  if (decoded || !/gzip$/i.test(encoding)) {
    throw new GantryError("unsupported", `${what}: it came labelled as compressed with ${encoding}`);
  }
  let reader: ReadableStreamDefaultReader<Bytes> | undefined;
  return {
    async read() {
      try {
        return (await (reader ??= await decompressed(response)).read()).value;
      } catch (cause) {
        if (GantryError.is(cause)) throw cause;
        throw new GantryError("unavailable", `${what}: what came compressed is cut short`, { cause });
      }
    },
  };
}

async function decompressed(response: HttpResponse): Promise<ReadableStreamDefaultReader<Bytes>> {
  let next = await response.read();
  // Something has undone the encoding and left the header: no gzip file begins like this.
  const plain = next?.[0] !== 0x1f;
  const body = new ReadableStream<Bytes>({
    async pull(controller) {
      const chunk = next ?? await response.read();
      next = undefined;
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  }, { highWaterMark: 0 });
  const stream = plain ? body : body.pipeThrough(new DecompressionStream("gzip"));
  return (stream as ReadableStream<Bytes>).getReader();
}
