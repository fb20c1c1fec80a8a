import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  copy,
  emptyImage,
  fetchTransport,
  type Image,
  image,
  Index,
  type Layer,
  layer,
  layerOf,
  layout,
  memory,
  openPlace,
  place,
  type RegistryOptions,
  sourcePlace,
} from "../mod.ts";
import { splitArchive } from "../src/places.ts";
import { gzip } from "../src/codec/mod.ts";
import type { Registry } from "../src/registry/mod.ts";
import { server } from "../src/server/mod.ts";
import { writeTar } from "../src/tar/mod.ts";
import { fails } from "./support/errors.ts";
import { inDirectory } from "./support/directory.ts";

/** Every registry there is, in memory. */
function world(): { registry: RegistryOptions; hosts: Set<string> } {
  const repositories = new Map<string, ReturnType<typeof memory>>();
  const hosts = new Set<string>();
  const answer = (url: string, init: RequestInit) => {
    const { host } = new URL(url);
    hosts.add(host);
    return server({
      repositories(name) {
        const found = repositories.get(`${host}/${name}`) ?? memory();
        repositories.set(`${host}/${name}`, found);
        return found;
      },
    })(new Request(url, init));
  };
  return { registry: { transport: fetchTransport(answer) }, hosts };
}

function platformImage(architecture: string): Image {
  return emptyImage({ os: "linux", architecture }).append(layer(new Uint8Array(1024)));
}

async function paths(made: Layer): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of made.entries()) found.push(entry.path);
  return found;
}

describe("place", () => {
  it("reads references as Docker's users write them", () => {
    const cases: Record<string, [registry: string, repository: string, name: string]> = {
      "alpine:3.20": ["docker.io", "library/alpine", "3.20"],
      "docker://alpine": ["docker.io", "library/alpine", "latest"],
      "localhost:5000/app:v1": ["localhost:5000", "app", "v1"],
      [`docker://quay.io/a/b@sha256:${"1".repeat(64)}`]: ["quay.io", "a/b", `sha256:${"1".repeat(64)}`],
      [`quay.io/a/b:v1@sha256:${"1".repeat(64)}`]: ["quay.io", "a/b", `sha256:${"1".repeat(64)}`],
      "docker://oci:5000/app:v1": ["oci:5000", "app", "v1"],
      "ocicat:v1": ["docker.io", "library/ocicat", "v1"],
    };
    for (const [text, expected] of Object.entries(cases)) {
      const { target, name } = place(text);
      const { registry, repository } = target as Registry;
      assert.deepEqual([registry, repository, name], expected, text);
    }
  });

  it("reads layouts as skopeo does: the directory ends at the first colon", () => {
    const cases: Record<string, [directory: string, name: string | undefined]> = {
      "oci:images": ["images", undefined],
      "oci:./images:alpine": ["./images", "alpine"],
      "oci:/a/b:docker.io/library/alpine:3.20": ["/a/b", "docker.io/library/alpine:3.20"],
      "oci:C:\\images:v1": ["C:\\images", "v1"],
      "oci:c:/images": ["c:/images", undefined],
    };
    for (const [text, expected] of Object.entries(cases)) {
      const { target, name } = place(text);
      assert.deepEqual([(target as unknown as { directory: string }).directory, name], expected, text);
    }
  });

  it("reads archives as skopeo does: the file ends at the first colon", () => {
    const cases: Record<string, [file: string, name: string | undefined, format: string]> = {
      "docker-archive:app.tar": ["app.tar", undefined, "combined"],
      "docker-archive:./a.tar:localhost:5000/app:v1": ["./a.tar", "localhost:5000/app:v1", "combined"],
      "oci-archive:/tmp/a.tar.gz:v1": ["/tmp/a.tar.gz", "v1", "oci"],
      "oci-archive:C:\\a.tar:v1": ["C:\\a.tar", "v1", "oci"],
    };
    for (const [text, [file, name, format]] of Object.entries(cases)) {
      assert.deepEqual(splitArchive(text), { file, name, format });
      assert.equal(sourcePlace(text).name, name);
    }
    for (const text of ["oci:a.tar", "docker-archive://a", "alpine"]) {
      assert.equal(splitArchive(text), undefined);
    }
  });

  it("refuses what names no place", () => {
    for (const text of ["oci:", "oci::v1", "oci:images:"]) {
      assert.throws(() => place(text), fails("invalid-name", /^open "oci:.*": not oci:DIRECTORY/), text);
    }
    for (
      const text of [
        "dir:app",
        "daemon:alpine",
        "https://ghcr.io/a/b",
        "oci://a/b",
      ]
    ) {
      assert.throws(() => place(text), fails("unsupported", /no such kind of place; there are/), text);
    }
    for (const text of ["docker-archive:", "oci-archive::v1", "oci-archive:a.tar:"]) {
      assert.throws(
        () => sourcePlace(text),
        fails("invalid-name", /archive:FILE or .*archive:FILE:NAME$/),
        text,
      );
    }
    assert.throws(
      () => place("docker-archive:app.tar"),
      fails("unsupported", /an archive, which is read or/),
    );
    assert.throws(() => place("UPPER"), fails("invalid-name", /"UPPER"/));
    assert.throws(() => place("a/b@sha256:1"), fails("invalid-digest", /sha256:1/));
  });
});

describe("the library for scripts", () => {
  it("does what stands on its first page", () =>
    inDirectory(async (directory) => {
      const { registry, hosts } = world();
      await mkdir(join(directory, "dist"));
      await writeFile(join(directory, "dist/app"), "#!/bin/sh\n");
      const base = emptyImage().append(
        await layerOf([{ type: "directory", path: "etc/" }, { type: "file", path: "etc/alpine-release" }]),
      );
      await copy(base, "alpine:3.20", { registry });
      assert.deepEqual([...hosts], ["registry-1.docker.io"]);

      const alpine = await image("alpine:3.20", { registry });
      assert.equal((await alpine.config()).architecture, "amd64");
      assert.deepEqual(await paths((await alpine.layers())[0]!), ["etc/", "etc/alpine-release"]);

      const images = `oci:${join(directory, "images")}:alpine`;
      await copy("alpine:3.20", images, { registry });
      assert.equal(await (await image(images)).digest(), await alpine.digest());

      const app = alpine.append(await layerOf(join(directory, "dist"))).configure({ cmd: ["/app"] });
      await copy(app, "localhost:5000/app:v2", { registry });
      const pushed = await image("localhost:5000/app:v2", { registry });
      assert.equal(await pushed.digest(), await app.digest());
      assert.deepEqual((await pushed.config()).config?.Cmd, ["/app"]);
      assert.ok((await paths((await pushed.layers())[1]!)).includes("app"));
    }));

  it("takes sources, targets and images wherever strings go", async () => {
    const target = memory();
    const { descriptor } = await copy(platformImage("amd64"), { target, name: "v1" });
    const other = memory();
    await copy({ source: target, name: "v1" }, { target: other, name: "v2" });
    await copy({ target: other }, { target: other, name: "v3" });
    await copy(await openPlace({ source: other, name: "v2" }), { target: other });
    for (const name of ["v2", "v3", descriptor.digest]) {
      assert.equal(await (await image({ source: other, name })).digest(), descriptor.digest);
    }
    const given = platformImage("arm64");
    assert.equal(await image(given), given);
  });

  it("saves images in archives, and loads them with the digest that they had", () =>
    inDirectory(async (directory) => {
      const { registry } = world();
      const built = platformImage("amd64").configure({ cmd: ["/app"] });
      const digest = await built.digest();
      const tar = `docker-archive:${join(directory, "app.tar")}`;
      assert.equal((await copy(built, `${tar}:app:v1`)).descriptor.digest, digest);
      await copy(tar, "localhost:5000/app:v1", { registry });
      await copy("localhost:5000/app:v1", `oci-archive:${join(directory, "oci.tar")}:v1`, { registry });
      await copy(`oci-archive:${join(directory, "oci.tar")}:v1`, `${tar}:quay.io/app:v2`);
      // The name changes in place, the image does not.
      await copy(`${tar}:quay.io/app:v2`, `${tar}:quay.io/app:v3`);
      const { source } = sourcePlace(tar);
      assert.deepEqual(await Array.fromAsync(source.names!()), ["quay.io/app:v3"]);
      assert.equal(await (await image(`${tar}:quay.io/app:v3`)).digest(), digest);
      await assert.rejects(
        image(`${tar}:app:v1`),
        fails("not-found", /no such name, there is quay\.io\/app:v3$/),
      );
      await assert.rejects(copy(built, `${tar}:app@${digest}`), fails("invalid-name", /a tag alone/));
      assert.equal(await (await image(`${tar}:quay.io/app:v3`)).digest(), digest);
    }));

  it("copies an index whole, or one platform of it", () =>
    inDirectory(async (directory) => {
      const { registry } = world();
      const source = memory();
      const manifests = [];
      for (const architecture of ["amd64", "arm64"]) {
        const { descriptor } = await copy(platformImage(architecture), { target: source });
        manifests.push({ ...descriptor, platform: { os: "linux", architecture } });
      }
      const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests }));
      const mediaType = "application/vnd.oci.image.index.v1+json";
      await source.write(
        { mediaType, replayable: true, open: () => Promise.resolve(new Blob([bytes]).stream()) },
        { role: "manifest", name: "v1" },
      );

      const whole = await copy({ source, name: "v1" }, "localhost:5000/app:v1", { registry });
      assert.equal(whole.descriptor.mediaType, mediaType);
      assert.ok(await openPlace("localhost:5000/app:v1", { registry }) instanceof Index);
      assert.equal(
        (await (await image("localhost:5000/app:v1", { registry })).config()).architecture,
        "amd64",
      );
      const one = await copy("localhost:5000/app:v1", `oci:${directory}`, {
        registry,
        platform: "linux/arm64",
      });
      assert.equal(one.descriptor.digest, manifests[1]!.digest);
      const arm = await image(await openPlace({ source, name: "v1" }), {
        platform: { os: "linux", architecture: "arm64" },
      });
      assert.equal(await arm.digest(), manifests[1]!.digest);
      await assert.rejects(
        copy({ source, name: "v1" }, { target: memory() }, { platform: "linux/s390x" }),
        fails("no-platform", /linux\/s390x/),
      );
    }));

  it("writes untagged where no name is given, and reads the only image there is", () =>
    inDirectory(async (directory) => {
      const here = `oci:${join(directory, "images")}`;
      await assert.rejects(image(here), fails("not-found", /images/));
      const { descriptor } = await copy(platformImage("amd64"), here);
      assert.equal(await (await image(here)).digest(), descriptor.digest);
      await copy(here, `${here}:one`);
      assert.equal(await (await image(here)).digest(), descriptor.digest);
      await copy(platformImage("arm64"), `${here}:two`);
      await assert.rejects(image(here), fails("invalid-name", /it holds 2 images, name one \(one, two\)/));
      const names = [];
      for await (const name of layout(join(directory, "images")).names()) names.push(name);
      assert.deepEqual(names, ["one", "two"]);
    }));

  it("holds a copy to the digest in its destination", async () => {
    const right = await platformImage("amd64").digest();
    const target = memory();
    await copy(platformImage("amd64"), { target, name: right });
    assert.equal((await target.resolve(right)).descriptor.digest, right);
    const wrong = `sha256:${"0".repeat(64)}`;
    const stored = await image({ source: target, name: right });
    const empty = memory();
    await assert.rejects(
      copy(stored, { target: empty, name: wrong }),
      fails("digest-mismatch", /copy to sha256:0+: /),
    );
    for await (const root of empty.roots()) assert.fail(root.digest);
    const oneShot = emptyImage().append(await layerOf(new Blob([new Uint8Array(1024)]).stream()));
    await assert.rejects(
      copy(oneShot, { target: empty, name: wrong }),
      fails("digest-mismatch", /copy to sha256:0+: /),
    );
  });

  it("refuses an image of what is none", async () => {
    const [part] = await platformImage("amd64").layers();
    await assert.rejects(image(part!), fails("unsupported", /not an image/));
  });
});

describe("layerOf", () => {
  const items = () => [{ type: "directory" as const, path: "a/" }];
  const tarBytes = async () => new Uint8Array(await new Response(writeTar(items())).arrayBuffer());

  it("takes bytes, blobs, streams and items, and gives the same layer", async () => {
    const tar = await tarBytes();
    const digest = await layer(tar).digest();
    for (const source of [tar, new Blob([tar])]) {
      const made = await layerOf(source);
      assert.equal(await made.digest(), digest);
      assert.deepEqual(await paths(made), ["a/"]);
    }
    async function* later() {
      yield* items();
    }
    for (const source of [new Blob([tar]).stream(), items(), later()]) {
      const { descriptor } = await copy(await layerOf(source), { target: memory() });
      assert.equal(descriptor.digest, digest);
    }
  });

  it("unpacks what is compressed, and compresses what it is told to", async () => {
    const tar = await tarBytes();
    const packed = await new Response(new Blob([tar]).stream().pipeThrough(gzip({ engine: "node:zlib" })))
      .blob();
    const made = await layerOf(packed);
    assert.equal(made.mediaType(), "application/vnd.oci.image.layer.v1.tar+gzip");
    assert.equal(await made.digest(), await layer(tar).digest());
    const zstd = await layerOf(packed, { compression: "zstd" });
    assert.equal(zstd.mediaType(), "application/vnd.oci.image.layer.v1.tar+zstd");
    assert.equal(await zstd.diffID(), await made.diffID());
  });

  it("takes directories, and says where there is none", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "file"), "text");
      const made = await layerOf(directory);
      assert.ok((await paths(made)).includes("file"));
      assert.equal(await made.digest(), await (await layerOf(directory)).digest());
      await assert.rejects(
        layerOf(join(directory, "none")),
        fails("not-found", /make a layer of ".*none": no such directory/),
      );
      await assert.rejects(layerOf(join(directory, "file")), fails("unsupported", /not a directory/));
    }));
});
