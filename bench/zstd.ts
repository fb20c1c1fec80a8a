/** Speed and size of zstd: `deno run -A bench/zstd.ts`, `bun bench/zstd.ts`. */

import type { Bytes } from "../src/bytes.ts";
import { addCodecEngine, unzstd, zstd } from "../src/codec/mod.ts";
import { zstdCodec } from "../src/codec/zstd_codec.ts";
import { drained, has, layers, mixed, program, streamed } from "./data.ts";
import { type Contest, race } from "./run.ts";

for (const engine of zstdCodec) addCodecEngine(engine);

const data = { "mixed tar of /usr": mixed(24_000_000), "real layers": layers() };
const through = (bytes: Bytes, stream: () => TransformStream<Bytes, Bytes>) => async () =>
  void await drained(streamed(bytes).pipeThrough(stream()));

for (const [name, bytes] of Object.entries(data)) {
  if (!bytes) continue;
  const levels = [1, 3, 9];
  console.log(`### zstd sizes, ${name}, ${bytes.byteLength} bytes: Gantry's to the other's\n`);
  console.log("| level | Gantry | ÷ zstd-codec |\n|---|---|---|");
  for (const level of levels) {
    const own = await drained(streamed(bytes).pipeThrough(zstd({ level })));
    const other = await drained(streamed(bytes).pipeThrough(zstd({ level, engine: "zstd-codec" })));
    console.log(`| ${level} | ${own} | ${(own / other).toFixed(4)} |`);
  }
  console.log();
  const contests = levels.map((level): Contest => ({
    job: `level ${level}`,
    bytes: bytes.byteLength,
    gantry: through(bytes, () => zstd({ level })),
    rivals: {
      "zstd-codec": { run: through(bytes, () => zstd({ level, engine: "zstd-codec" })) },
      ...has("zstd") && {
        "zstd program": {
          run: () => Promise.resolve(void program("zstd", [`-${level}`, "--single-thread", "-qc"], bytes)),
        },
      },
    },
  }));
  await race(`zstd, ${name}`, contests, 7);
  const packed = await new Response(streamed(bytes).pipeThrough(zstd())).bytes() as Bytes;
  await race(`unzstd, ${name}`, [{
    job: "unzstd()",
    bytes: bytes.byteLength,
    gantry: through(packed, () => unzstd()),
    rivals: { "zstd-codec": { run: through(packed, () => unzstd({ engine: "zstd-codec" })) } },
  }], 7);
}
