import assert from "node:assert/strict";
import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { childrenLabels } from "../../src/store/mod.ts";
import { collect, inStore } from "./support.ts";

const ref = "containerd.io/gc.ref.content";

describe("garbage in a store on a disk", () => {
  it("are writes that nobody goes on with, unless a lease keeps them", () =>
    inStore(async (there) => {
      for (const ref of ["left", "leased"]) {
        const writer = await there.content.writer(ref);
        await writer.append(new Blob(["some"]).stream(), 0);
        await writer.close();
      }
      await there.leases.create({ id: "one" });
      await there.leases.addResource("one", { type: "ingests", id: "leased" });
      const hourAgo = new Date(Date.now() - 3_700_000);
      const ingests = join(there.directory, ".gantry", "ingest");
      for (const name of await readdir(ingests)) await utimes(join(ingests, name, "data"), hourAgo, hourAgo);
      await there.gc();
      const refs = async () => (await collect(there.content.listStatuses())).map(({ ref }) => ref);
      assert.deepEqual(await refs(), ["leased"]);
      await there.leases.delete("one");
      await there.gc();
      assert.deepEqual(await refs(), []);
    }));
});

describe("labels of children", () => {
  it("are named as containerd names them", () => {
    const digest = (n: number) => `sha256:${String(n).repeat(64)}` as const;
    const of = (mediaType: string, n: number) => ({ mediaType, digest: digest(n), size: 1 });
    assert.deepEqual(
      childrenLabels([
        of(mediaTypes.ociConfig, 1),
        of(mediaTypes.ociLayerGzip, 2),
        of(mediaTypes.dockerLayerGzip, 3),
        of(mediaTypes.ociManifest, 4),
        of(mediaTypes.ociIndex, 5),
        of("application/vnd.in-toto+json", 6),
        of(mediaTypes.dockerConfig, 7),
      ]),
      {
        [`${ref}.config`]: digest(1),
        [`${ref}.l.0`]: digest(2),
        [`${ref}.l.1`]: digest(3),
        [`${ref}.m.0`]: digest(4),
        [`${ref}.0`]: digest(5),
        [`${ref}.1`]: digest(6),
        [`${ref}.config1`]: digest(7),
      },
    );
  });
});
