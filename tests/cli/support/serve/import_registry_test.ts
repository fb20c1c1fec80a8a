import assert from "node:assert/strict";
import { mkdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { importRegistry } from "../../../../src/cli/support/serve/import_registry.ts";
import { readAll } from "../../../../src/bytes.ts";
import { type Digest, hexOf, mediaTypes } from "../../../../src/spec/mod.ts";
import { type Store, store } from "../../../../src/store/mod.ts";
import { rejects } from "../../../../src/testing/errors.ts";
import { bytes, descriptorOf, digestOf, manifestOf } from "../../../server/client.ts";
import { inDirectory } from "../../../support/directory.ts";

/** A directory as docker-registry writes it. */
class Registry {
  readonly root: string;

  constructor(directory: string) {
    this.root = join(directory, "from", "docker", "registry", "v2");
  }

  blobPath(digest: Digest): string {
    return join(this.root, "blobs", "sha256", hexOf(digest).slice(0, 2), hexOf(digest), "data");
  }

  async blob(content: string): Promise<Digest> {
    const digest = digestOf(content);
    await this.#write(this.blobPath(digest), content);
    return digest;
  }

  async link(path: string, digest: string, changed?: Date): Promise<void> {
    const file = join(this.root, "repositories", path, "link");
    await this.#write(file, digest);
    if (changed) await utimes(file, changed, changed);
  }

  async layer(repository: string, content: string, as: Digest = digestOf(content)): Promise<void> {
    await this.link(`${repository}/_layers/${as.replace(":", "/")}`, await this.blob(content));
  }

  async manifest(repository: string, content: string): Promise<Digest> {
    const digest = await this.blob(content);
    await this.link(`${repository}/_manifests/revisions/${digest.replace(":", "/")}`, digest);
    return digest;
  }

  async image(repository: string, layer: string, tag?: string, changed?: Date): Promise<string> {
    await this.layer(repository, "{}");
    await this.layer(repository, layer);
    const manifest = manifestOf("{}", [layer]);
    const digest = await this.manifest(repository, manifest);
    if (tag !== undefined) await this.link(`${repository}/_manifests/tags/${tag}/current`, digest, changed);
    return manifest;
  }

  async #write(path: string, content: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

interface Tools {
  registry: Registry;
  there: Store;
  directory: string;
  run: () => Promise<{ done: string[]; problems: string[] }>;
}

async function importing(work: (tools: Tools) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    await using there = store(join(directory, "to"), { link: true });
    const run = async () => {
      const [done, problems]: [string[], string[]] = [[], []];
      await importRegistry(join(directory, "from"), there, {
        onProblem: (line) => void problems.push(line),
        onRepository: ({ repository, blobs, manifests, tags }) => {
          done.push(`${repository} ${blobs} ${manifests} ${tags}`);
          return Promise.resolve();
        },
      });
      return { done, problems };
    };
    await work({ registry: new Registry(directory), there, directory, run });
  });
}

async function textOf(there: Store, repository: string, digest: Digest): Promise<string> {
  const stream = await there.linked(repository).open({ digest }, { role: "blob" });
  return new TextDecoder().decode(await readAll(stream, { limit: 1e7, what: "blob" }));
}

describe("importing a docker-registry", () => {
  it("takes blobs, manifests and tags of all repositories, as often as one likes", () =>
    importing(async ({ registry, there, directory, run }) => {
      const large = "large ".repeat(100_000);
      const one = await registry.image("acme/app", "layer", "v1");
      await registry.image("acme/app", large, "v2");
      await registry.image("acme/app/deep", "layer");
      const child = await registry.image("index", "layer");
      const index = JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [descriptorOf(child, mediaTypes.ociManifest)],
      });
      await registry.link("index/_manifests/tags/all/current", await registry.manifest("index", index));
      await registry.layer("index", "long digest", digestOf("long digest", "sha512"));
      await mkdir(join(registry.root, "repositories", "index", "_uploads", "x"), { recursive: true });
      const expected = { done: ["acme/app 3 2 2", "acme/app/deep 2 1 0", "index 3 2 1"], problems: [] };
      assert.deepEqual(await run(), expected);
      assert.deepEqual(await run(), expected);
      assert.equal(
        new TextDecoder().decode((await there.linked("acme/app").resolve("v1", { document: true })).document),
        one,
      );
      assert.equal(await textOf(there, "acme/app", digestOf(large)), large);
      assert.equal(await textOf(there, "index", digestOf("long digest", "sha512")), "long digest");
      await rejects(there.linked("acme/app/deep").resolve(digestOf(large), { role: "blob" }), "not-found");
      assert.equal(
        (await there.linked("acme/app/deep").resolve(digestOf(one))).descriptor.digest,
        digestOf(one),
      );
      // What manifests name is no garbage, and the bytes of what is large are there once.
      assert.deepEqual((await there.gc({ grace: 0 })).removed, [digestOf("long digest", "sha512")]);
      const [from, to] = await Promise.all(
        [registry.blobPath(digestOf(large)), join(directory, "to", "blobs", "sha256", hexOf(digestOf(large)))]
          .map((path) => stat(path)),
      );
      assert.equal(from!.ino, to!.ino);
    }));

  it("tells what is corrupt, missing or of another time, and takes the rest", () =>
    importing(async ({ registry, there, run }) => {
      await registry.image("app", "whole", "whole");
      const corrupt = "corrupt ".repeat(100_000);
      const broken = digestOf(await registry.image("app", corrupt, "broken"));
      await writeFile(registry.blobPath(digestOf(corrupt)), "CORRUPT ".repeat(100_000));
      const missing = digestOf(await registry.image("app", "missing", "missing"));
      await rm(registry.blobPath(digestOf("missing")));
      const gone = digestOf(await registry.image("app", "gone", "gone"));
      await rm(registry.blobPath(gone));
      const old = await registry.manifest("app", '{"schemaVersion":1,"name":"app","tag":"old"}');
      const nothing = digestOf("nothing");
      await registry.link("app/_manifests/tags/dangling/current", nothing);
      await registry.link("app/_layers/sha256/zz", "no digest");
      await writeFile(join(registry.root, "repositories", "app", "_layers", "file"), "");
      const { done, problems } = await run();
      assert.deepEqual(done, ["app 3 3 3"]); // {}, whole, gone; whole, broken, missing
      const about = (text: string) => problems.filter((line) => line.includes(text)).length;
      assert.equal(about(`app@${digestOf(corrupt)}: `), 1);
      assert.equal(about(`app@${digestOf("missing")}: its blob is not there`), 1);
      assert.equal(about(`app@${broken}: names ${digestOf(corrupt)}, which is not there`), 1);
      assert.equal(about(`app@${missing}: names ${digestOf("missing")}, which is not there`), 1);
      assert.equal(about(`app@${gone}: its blob is not there`), 1);
      assert.equal(about(`app@${old}: `), 1);
      assert.equal(about("app:dangling: "), 1);
      assert.equal(about("app:gone: "), 1);
      assert.equal(problems.length, 8, problems.join("\n"));
      // What is repaired is taken the next time.
      await registry.blob(corrupt);
      assert.equal((await run()).done[0], "app 4 3 3");
      assert.equal(await textOf(there, "app", digestOf(corrupt)), corrupt);
    }));

  it("moves a tag that has moved there since, and leaves one that has moved here", () =>
    importing(async ({ registry, there, run }) => {
      const app = there.linked("app");
      const at = (seconds: number) => new Date(Date.now() + seconds * 1000);
      const first = digestOf(await registry.image("app", "one", "v1", at(-100)));
      await run();
      const second = digestOf(await registry.image("app", "two", "v1", at(100)));
      assert.deepEqual((await run()).problems, []);
      assert.equal((await app.resolve("v1")).descriptor.digest, second);
      await registry.image("app", "one", "v1", at(-100));
      const { done, problems } = await run();
      assert.deepEqual(problems, ["app:v1: it was given here since"]);
      assert.deepEqual(done, ["app 3 2 0"]);
      assert.equal((await app.resolve("v1")).descriptor.digest, second);
      await app.tag("v1", (await app.resolve(first)).descriptor);
      assert.deepEqual((await run()).problems, []);
    }));

  it("is refused where no registry is", () =>
    importing(async ({ run, directory }) => {
      await mkdir(join(directory, "from"));
      await rejects(run(), "not-found", /there is no .*repositories/);
    }));

  it("ends when it is told to, and goes on the next time", () =>
    importing(async ({ registry, there, directory, run }) => {
      for (let i = 0; i < 4; i++) await registry.image(`app${i}`, `layer ${i}`, "v1");
      const end = new AbortController();
      const reason = new Error("enough");
      const options = {
        signal: end.signal,
        onProblem: () => {},
        onRepository: () => Promise.resolve(end.abort(reason)),
      };
      await assert.rejects(
        importRegistry(join(directory, "from"), there, options),
        (error) => error === reason,
      );
      assert.deepEqual(await Array.fromAsync(there.linkedRepositories()), ["app0"]);
      assert.equal((await run()).done.length, 4);
      assert.deepEqual(bytes(await textOf(there, "app3", digestOf("layer 3"))), bytes("layer 3"));
    }));
});
