import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sameBytes, utf8 } from "../bytes.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { collect } from "./collect.ts";
import { randomBytes } from "./content.ts";
import { rejects } from "./errors.ts";
import { describeBytes, facts, known, manifest, read, stored } from "./documents.ts";
import type { Suite } from "./suite.ts";

/** The cases of manifests and their names. */
export function testManifests(suite: Suite): void {
  describe("manifests", () => {
    it("keep their bytes and get their name in the same step", async () => {
      const { content, bytes } = await manifest(suite.target, "  kept as it is\t");
      const { descriptor } = await suite.target.write(content, { role: "manifest", name: "kept" });
      for (const name of ["kept", descriptor.digest]) {
        const found = await suite.target.resolve(name, { document: true });
        assert.deepEqual(facts(found.descriptor), facts(descriptor));
        assert.equal(found.descriptor.mediaType, mediaTypes.ociManifest);
        assert.ok(sameBytes(found.document!, bytes));
      }
      assert.ok(sameBytes(await read(suite.target, descriptor, { role: "manifest" }), bytes));
    });

    it("are found without their bytes too", async () => {
      const { content } = await manifest(suite.target, "head");
      const { descriptor } = await suite.target.write(content, { role: "manifest", name: "head" });
      const { descriptor: found, document } = await suite.target.resolve("head");
      assert.deepEqual(facts(found), facts(descriptor));
      assert.equal(document, undefined);
    });

    it("that are missing are not-found", async () => {
      await rejects(suite.target.resolve("no-such-tag"), "not-found");
      await rejects(suite.target.resolve((await describeBytes(randomBytes(9))).digest), "not-found");
      await rejects(suite.target.resolve("no-such-tag", { document: true }), "not-found");
    });

    it("get further names, and names move", async () => {
      const [a, b] = [await stored(suite.target, "a"), await stored(suite.target, "b")];
      await suite.target.tag("moving", a);
      assert.equal((await suite.target.resolve("moving")).descriptor.digest, a.digest);
      await suite.target.tag("moving", b);
      assert.equal((await suite.medium.again().resolve("moving")).descriptor.digest, b.digest);
    });

    it("are named only if the name is what was expected", async () => {
      const [a, b] = [await stored(suite.target, "c"), await stored(suite.target, "d")];
      await suite.target.tag("compared", a, { expect: null });
      await rejects(suite.target.tag("compared", b, { expect: null }), "conflict");
      await rejects(suite.target.tag("compared", b, { expect: b.digest }), "conflict");
      assert.equal((await suite.target.resolve("compared")).descriptor.digest, a.digest);
      await suite.target.tag("compared", b, { expect: a.digest });
      assert.equal((await suite.target.resolve("compared")).descriptor.digest, b.digest);
    });

    it("that are not here cannot be named", async () => {
      const missing = { ...await describeBytes(randomBytes(8)), mediaType: mediaTypes.ociManifest };
      await rejects(suite.target.tag("nothing", missing), "not-found");
    });

    it("list their names", async () => {
      const one = await stored(suite.target, "listed");
      for (const name of ["list-2", "list-1", "list-3"]) await suite.target.tag(name, one);
      const names = (await collect(suite.target.names!())).filter((name) => name.startsWith("list-"));
      assert.deepEqual(names, ["list-1", "list-2", "list-3"]);
    });

    it("stay when a name is taken away", async () => {
      const one = await stored(suite.target, "untagged");
      await suite.target.tag("short-lived", one);
      if (suite.limits.untag) return await rejects(suite.target.untag!("short-lived"), "unsupported");
      await suite.target.untag!("short-lived");
      await rejects(suite.target.resolve("short-lived"), "not-found");
      await rejects(suite.target.untag!("short-lived"), "not-found");
      assert.equal((await suite.target.resolve(one.digest)).descriptor.digest, one.digest);
    });

    it("go with their names", async () => {
      const one = await stored(suite.target, "deleted");
      await suite.target.tag("gone-1", one);
      await suite.target.tag("gone-2", one);
      await suite.target.delete!(one, { role: "manifest" });
      for (const name of ["gone-1", "gone-2", one.digest]) {
        await rejects(suite.target.resolve(name), "not-found");
      }
    });

    it("that are not what they say are refused", async () => {
      const { content, bytes } = await manifest(suite.target, "refused");
      const wrong = { ...content, digest: (await describeBytes(randomBytes(4))).digest };
      await rejects(
        suite.target.write(wrong, { role: "manifest", name: "refused" }),
        ["digest-mismatch", "invalid-document"],
      );
      await rejects(suite.target.resolve("refused"), "not-found");
      const both = utf8(`${new TextDecoder().decode(bytes).trim().slice(0, -1)},"manifests":[]}`);
      const confused = { ...await known(both), mediaType: mediaTypes.ociManifest };
      await rejects(suite.target.write(confused, { role: "manifest", name: "refused" }), "invalid-document");
      await rejects(suite.target.resolve("refused"), "not-found");
    });

    it("are enumerated, named or not, where the medium can", async () => {
      if (!suite.target.roots) return assert.ok(suite.target.names, "then it must list names");
      const named = await stored(suite.target, "root-named");
      const unnamed = await stored(suite.target, "root-unnamed");
      await suite.target.tag("root", named);
      const roots = await collect(suite.target.roots());
      const names = roots.filter(({ digest }) => digest === named.digest)
        .map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"]);
      assert.ok(names.includes("root"));
      assert.ok(roots.some(({ digest }) => digest === unnamed.digest));
    });

    it("list what refers to them", async (t) => {
      if (suite.limits.referrers) return t.diagnostic(suite.limits.referrers);
      const subject = await stored(suite.target, "subject");
      assert.deepEqual(await collect(suite.target.referrers!(subject)), []);
      const sbom = await stored(suite.target, "sbom", { subject, artifactType: "application/x-sbom" });
      const signature = await stored(suite.target, "signature", {
        subject,
        artifactType: "application/x-signature",
      });
      const found = await collect(suite.target.referrers!(subject));
      assert.deepEqual(found.map(({ digest }) => digest).sort(), [sbom.digest, signature.digest].sort());
      const filtered = await collect(
        suite.target.referrers!(subject, { artifactType: "application/x-sbom" }),
      );
      assert.deepEqual(filtered.map(({ digest }) => digest), [sbom.digest]);
      assert.equal(filtered[0]!.artifactType, "application/x-sbom");
      assert.equal(filtered[0]!.annotations?.["note"], "sbom");
    });
  });
}
