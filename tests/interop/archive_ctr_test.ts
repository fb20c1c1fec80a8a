import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ArchiveFormat, saveArchive } from "../../src/archive/mod.ts";
import { digestOf } from "../archive/support.ts";
import { withContainerd } from "./archive_daemons.ts";
import { assertFacts, factsOf, loaded, realImage } from "./archive_images.ts";
import { needs } from "./server_peers.ts";

describe("ctr and archives", needs("containerd"), () => {
  it("imports what was saved, and exports what is read", () =>
    withContainerd(async (directory, ctr) => {
      for (const format of ["combined", "oci", "docker", "legacy"] as ArchiveFormat[]) {
        const image = await realImage(format);
        const facts = await factsOf(image);
        const name = `docker.io/library/${format}:v1`;
        const [tar, out] = [join(directory, `${format}.tar`), join(directory, `${format}-out.tar`)];
        await saveArchive(tar, [{ image, names: [`${format}:v1`] }], { format });
        await ctr("images", "import", "--no-unpack", tar);
        assert.ok((await ctr("images", "ls", "-q")).split("\n").includes(name), format);
        assert.equal(digestOf(await ctr("content", "get", facts.config)), facts.config);
        for (const digest of format === "legacy" ? facts.diffIDs : []) await ctr("content", "get", digest);
        await ctr("images", "export", out, name);
        const found = await loaded(out, name);
        assertFacts(found, facts);
        if (format === "combined" || format === "oci") assert.equal(found.digest, await image.digest());
      }
    }));
});
