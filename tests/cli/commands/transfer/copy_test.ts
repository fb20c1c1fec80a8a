import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Target } from "../../../../src/content/mod.ts";
import { copy } from "../../../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../../../src/image/mod.ts";
import { layout } from "../../../../src/layout/mod.ts";
import type { Descriptor } from "../../../../src/spec/mod.ts";
import {
  digestAt,
  imageOf,
  manifestAt,
  printed,
  start,
  withRegistry,
  writeDocument,
  writeIndex,
} from "../../gantry.ts";

const mebibyte = 1 << 20;

function largeImage(size: number) {
  return emptyImage().append(layer(new Uint8Array(randomBytes(size)), { compression: "none" }));
}

/** A promise and what fulfils it. */
function event(): { happened: Promise<void>; happen: () => void } {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => happen = resolve);
  return { happened, happen };
}

/** Writes `v1`, an SBOM about it, and its signature as cosign tags it. */
async function signed(store: Target): Promise<Target> {
  const { descriptor: subject } = await copy(imageOf("signed"), store, { name: "v1" });
  const signature = imageOf("signature");
  await copy(signature, store, { name: `${subject.digest.replace(":", "-")}.sig` });
  const manifest = { ...await signature.manifest(), artifactType: "application/vnd.sbom", subject };
  await writeDocument(store, manifest);
  return store;
}

describe("gantry copy", () => {
  it("copies images and whole indexes, mounting what it can", () =>
    withRegistry(async ({ gantry, host, log, repository }) => {
      const { digest } = await writeIndex(repository("from"), "v1");
      assert.equal(printed(await gantry("copy", `${host}/from:v1`, `${host}/to:v1`)), "");
      assert.equal(await digestAt(repository("to"), "v1"), digest);
      assert.ok(!log.some((line) => line.startsWith("PATCH")), log.join("\n"));
      printed(await gantry("cp", `${host}/from:v1`, `${host}/one:v1`, "--platform", "linux/arm64"));
      const arm = await openImage(repository("from"), "v1", {
        platform: { os: "linux", architecture: "arm64" },
      });
      assert.equal(await digestAt(repository("one"), "v1"), await arm.digest());
    }));

  it("copies all tags, and clobbers none when told not to", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      for (const tag of ["v1", "v2"]) await copy(imageOf(tag), repository("from"), { name: tag });
      await copy(imageOf("older"), repository("to"), { name: "v1" });
      const older = await digestAt(repository("to"), "v1");
      printed(await gantry("copy", "-a", "-n", "-j", "2", `${host}/from`, `${host}/to`));
      assert.equal(await digestAt(repository("to"), "v1"), older);
      assert.equal(await digestAt(repository("to"), "v2"), await digestAt(repository("from"), "v2"));
      const refused = await gantry("copy", "-n", `${host}/from:v1`, `${host}/to:v1`);
      assert.equal(refused.code, 1);
      assert.equal(
        refused.stderr,
        `Error: copy ${host}/from:v1: refusing to clobber existing tag ${host}/to:v1@${older}\n`,
      );
      printed(await gantry("copy", "-a", `${host}/from`, `${host}/to`));
      assert.equal(await digestAt(repository("to"), "v1"), await digestAt(repository("from"), "v1"));
    }));

  it("copies the tags that are wanted", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      for (const tag of ["v1.0", "v1.1", "v1.1-rc.1", "latest"]) {
        await copy(imageOf(tag), repository("from"), { name: tag });
      }
      const args = [
        "copy",
        "-a",
        "--include",
        "v1.?*",
        "--exclude",
        "*-rc*",
        "--",
        `${host}/from`,
        `${host}/to`,
      ];
      printed(await gantry(...args));
      assert.equal(printed(await gantry("ls", `${host}/to`)), "v1.0\nv1.1\n");
      const alone = await gantry("copy", `${host}/from:v1.0`, `${host}/to:v1.0`, "--include", "v1");
      assert.match(alone.stderr, /--include and --exclude mean which of --all-tags/);
    }));

  it("copies some platforms of an index, and may leave the index whole", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const { digest } = await writeIndex(repository("from"), "v1");
      const both = "linux/amd64,linux/arm64";
      printed(await gantry("copy", `${host}/from:v1`, `${host}/both:v1`, "--platform", both));
      assert.equal(await digestAt(repository("both"), "v1"), digest);
      printed(
        await gantry("copy", `${host}/from:v1`, `${host}/some:v1`, "--platform", "linux/arm64,linux/s390x"),
      );
      const { manifests } = JSON.parse(await manifestAt(repository("some"), "v1"));
      assert.deepEqual(manifests.map((one: Descriptor) => one.platform?.architecture), ["arm64"]);
      const none = await gantry(
        "copy",
        `${host}/from:v1`,
        `${host}/no:v1`,
        "--platform",
        "linux/s390x,linux/riscv64",
      );
      assert.match(none.stderr, /nothing is left of 2 manifests\n$/);
      const sparse = ["--platform", "linux/arm64", "--sparse"];
      printed(await gantry("copy", `${host}/from:v1`, "oci:layout:v1", ...sparse));
      assert.equal(printed(await gantry("digest", "oci:layout:v1")), `${digest}\n`);
      const refused = await gantry("copy", `${host}/from:v1`, `${host}/refused:v1`, ...sparse);
      assert.match(refused.stderr, /MANIFEST_BLOB_UNKNOWN/);
    }));

  it("lists and copies what is below a repository", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      for (const tag of ["v1", "v2"]) await copy(imageOf(tag), repository("from"), { name: tag });
      const tags = (name: string) => `${host}/${name}:v1\n${host}/${name}:v2\n`;
      assert.equal(printed(await gantry("ls", "-r", `${host}/from`)), tags("from"));
      printed(await gantry("copy", "-r", `${host}/from`, `${host}/to/deep`));
      assert.equal(printed(await gantry("ls", "-r", `${host}/to/deep`)), tags("to/deep"));
      const json = JSON.parse(printed(await gantry("ls", "-r", "--json", `${host}/from`)));
      assert.deepEqual(json, [{ repository: `${host}/from`, tags: ["v1", "v2"] }]);
      assert.equal(printed(await gantry("ratelimit", `${host}/from:v1`)), "the registry tells of no limit\n");
    }));

  it("takes along what belongs to an image, as referrers and under the tags of cosign", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const image = await openImage(await signed(repository("from")), "v1");
      const { digest } = await image.descriptor();
      printed(await gantry("copy", `${host}/from:v1`, `${host}/bare:v1`));
      assert.equal(printed(await gantry("referrers", `${host}/bare:v1`)), "");
      printed(await gantry("copy", "--referrers", `${host}/from:v1`, `${host}/to:v1`));
      const listed = printed(await gantry("referrers", `${host}/to:v1`));
      assert.match(
        listed,
        /^sha256:[0-9a-f]{64} application\/vnd\.sbom\nsha256:[0-9a-f]{64} sha256-[0-9a-f]{64}\.sig\n$/,
      );
      assert.equal(listed, printed(await gantry("referrers", `${host}/from:v1`)));
      assert.deepEqual(printed(await gantry("ls", `${host}/to`)), `${digest.replace(":", "-")}.sig\nv1\n`);
      printed(await gantry("copy", "--referrers", `${host}/to:v1`, "oci:layout:v1"));
      assert.equal(printed(await gantry("referrers", "oci:layout:v1")), listed);
      const sbom = ["--referrers", "--artifact-type", "application/vnd.sbom"];
      printed(await gantry("copy", ...sbom, `${host}/from:v1`, `${host}/sbom:v1`));
      assert.deepEqual(printed(await gantry("ls", `${host}/sbom`)), "v1\n");
      const json = JSON.parse(printed(await gantry("referrers", "--json", `${host}/sbom:v1`)));
      assert.equal(json.subject, digest);
      assert.deepEqual(json.referrers.map((one: Descriptor) => one.artifactType), ["application/vnd.sbom"]);
      const archive = await gantry("copy", "--referrers", `${host}/from:v1`, "oci-archive:a.tar");
      assert.match(archive.stderr, /an archive is written without them/);
    }));

  it("copies from archives and to them, and spares the file that is there with --no-clobber", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const digest = await digestAt(repository("app"), "v1");
      printed(await gantry("copy", `${host}/app:v1`, "docker-archive:a.tar:app:v1"));
      printed(await gantry("copy", "docker-archive:a.tar:app:v1", "oci-archive:b.tar:v2"));
      printed(await gantry("copy", "oci-archive:b.tar:v2", `${host}/to:v1`));
      assert.equal(await digestAt(repository("to"), "v1"), digest);
      assert.equal(printed(await gantry("digest", "oci-archive:b.tar:v2")), `${digest}\n`);
      const spared = await gantry("copy", "-n", `${host}/app:v1`, "oci-archive:b.tar:v3");
      assert.match(spared.stderr, /refusing to clobber existing file b\.tar\n$/);
      assert.equal(spared.code, 1);
    }));

  it("takes layouts by skopeo's names", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const digest = await digestAt(repository("app"), "v1");
      printed(await gantry("copy", `${host}/app:v1`, "oci:a:one"));
      printed(await gantry("pull", `${host}/app:v1`, "oci:b:two"));
      assert.equal(await digestAt(layout(join(directory, "a")), "one"), digest);
      assert.equal(await digestAt(layout(join(directory, "b")), "two"), digest);
      assert.equal(printed(await gantry("digest", "oci:a:one")), `${digest}\n`);
      assert.equal(printed(await gantry("ls", "oci:b")), "two\n");
      printed(await gantry("copy", "oci:a", "oci:b:three"));
      printed(await gantry("push", "oci:b:three", `${host}/back:v1`));
      assert.equal(await digestAt(repository("back"), "v1"), digest);
      printed(await gantry("copy", "-a", "oci:b", `${host}/all`));
      assert.equal(await digestAt(repository("all"), "three"), digest);
      assert.ok(!existsSync(join(directory, "a:one")));
    }));

  it("goes on where a killed one stopped", () => {
    const stuck = event();
    let pieces = 0;
    let hold = true;
    let received = 0;
    return withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(largeImage(22 * mebibyte), repository("from"), { name: "v1" });
      // Another host, as far as mounting goes.
      const to = host.replace("127.0.0.1", "localhost");
      const args = ["copy", `${host}/from:v1`, `${to}/to:v1`];
      const { child, ended } = start(args, { directory });
      await stuck.happened;
      child.kill("SIGKILL");
      assert.equal((await ended).code, null);
      assert.equal((await readdir(join(directory, "state/gantry/uploads"))).length > 0, true);
      hold = false;
      const before = received;
      assert.ok(before >= 16 * mebibyte, `${before}`);

      const again = await gantry(...args);
      assert.equal(printed(again), "");
      assert.ok(again.progress.some((line) => line.endsWith(`(resumed at ${16 * mebibyte} bytes)`)));
      assert.equal(await digestAt(repository("to"), "v1"), await digestAt(repository("from"), "v1"));
      assert.ok(received - before < 13 * mebibyte, `${received - before} bytes were sent again`);
      assert.deepEqual(await readdir(join(directory, "state/gantry/uploads")), []);
    }, async (request, next) => {
      if (request.method !== "PATCH") return await next(request);
      const [start, end] = request.headers.get("content-range")!.split("-").map(Number);
      const length = end! + 1 - start!;
      if (length > mebibyte && ++pieces > 2 && hold) {
        stuck.happen();
        return await new Promise(() => {});
      }
      const response = await next(request);
      received += length;
      return response;
    });
  });

  it("copies the same blobs twice at once", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      const image = largeImage(12 * mebibyte);
      await copy(image, repository("from"), { name: "v1" });
      await copy(image.configure({ cmd: ["two"] }), repository("from"), { name: "v2" });
      const to = host.replace("127.0.0.1", "localhost");
      const runs = await Promise.all(
        ["v1", "v2"].flatMap((tag) => [
          gantry("copy", `${host}/from:${tag}`, `${to}/to:${tag}`),
          gantry("copy", `${host}/from:${tag}`, `oci:images:${tag}`),
        ]),
      );
      for (const ran of runs) assert.equal(printed(ran), "");
      for (const tag of ["v1", "v2"]) {
        const digest = await digestAt(repository("from"), tag);
        assert.equal(await digestAt(repository("to"), tag), digest);
        assert.equal(await digestAt(layout(join(directory, "images")), tag), digest);
      }
    }));
});
