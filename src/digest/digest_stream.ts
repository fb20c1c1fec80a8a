import type { Algorithm } from "../spec/digest.ts";
import type { HashEngine, Hasher } from "./engine.ts";
import { digestOf, webName } from "./web_crypto.ts";

type DigestStream = WritableStream<Uint8Array> & { readonly digest: Promise<ArrayBuffer> };

const digestStreamClass = () =>
  (globalThis.crypto as { DigestStream?: new (algorithm: string) => DigestStream } | undefined)?.DigestStream;

/** The streaming hash of workerd: https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#constructors */
export const digestStream: HashEngine = {
  name: "DigestStream",
  available: () => digestStreamClass() !== undefined,
  create(algorithm: Algorithm): Hasher {
    const stream = new (digestStreamClass()!)(webName[algorithm]);
    const writer = stream.getWriter();
    return {
      update: (chunk) => writer.write(chunk),
      async digest() {
        await writer.close();
        return digestOf(algorithm, await stream.digest);
      },
    };
  },
};
