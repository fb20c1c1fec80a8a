import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import type { Digest } from "../../../../src/spec/mod.ts";
import { configAt, digestAt, imageOf, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry and the store", () => {
  it("pulls into it, lists what is there and pushes from it", () =>
    withRegistry(async ({ directory, gantry, host, repository, log }) => {
      const index = await writeIndex(repository("app"), "v1");
      const name = `${host}/app:v1`;
      const all = ["--platform", "all"];
      assert.equal(printed(await gantry("pull", ...all, name)), `${name}@${index.digest}\n`);
      assert.ok(existsSync(join(directory, "data", "gantry", "store", "metadata.db")));
      log.length = 0;
      printed(await gantry("pull", ...all, name));
      assert.ok(!log.some((line) => line.includes("/blobs/")), log.join("\n"));
      assert.equal(printed(await gantry("images", "ls", "-q")), `${name}\n`);
      const table = printed(await gantry("images", "ls")).split("\n");
      assert.match(table[0]!, /^REF +TYPE +DIGEST +SIZE +PLATFORMS +UNPACKED +LABELS$/);
      assert.match(table[1]!, /sha256:\w{64} +\S+ \wi?B +linux\/amd64,linux\/arm64 +- +-$/);
      assert.equal(printed(await gantry("push", name)), `${host}/app@${index.digest}\n`);
      printed(await gantry("images", "tag", name, `${host}/other:v2`));
      printed(await gantry("push", `${host}/other:v2`));
      assert.equal(await digestAt(repository("other"), "v2"), index.digest);
      assert.match(
        (await gantry("images", "tag", name, `${host}/other:v2`)).stderr,
        /there is such an image/,
      );
      printed(await gantry("images", "tag", "--force", name, `${host}/other:v2`));
      printed(await gantry("copy", `store:${name}`, `${host}/copied:v3`));
      assert.equal(await digestAt(repository("copied"), "v3"), index.digest);
      assert.equal(printed(await gantry("digest", `store:${name}`)), `${index.digest}\n`);
      assert.equal(printed(await gantry("ls", `store:${host}/app`)), "v1\n");
    }));

  it("pulls an image for one platform, and says what to do to push the index", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await writeIndex(repository("app"), "v1");
      const name = `${host}/app:v1`;
      printed(await gantry("pull", "--platform", "linux/arm64", name));
      assert.match(
        printed(await gantry("images", "check", "--platform", "linux/arm64")),
        / complete \(4\/4\) /,
      );
      assert.match(printed(await gantry("images", "check", "--platform", "all")), / incomplete \(4\/5\) /);
      const refused = await gantry("push", name);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /1 of 5 parts are not in the store; pull it with --platform all, or push/);
      printed(await gantry("images", "tag", name, `${host}/one:v1`));
      printed(await gantry("push", "--platform", "linux/arm64", `${host}/one:v1`));
      assert.equal(JSON.parse(await configAt(repository("one"), "v1")).architecture, "arm64");
    }));

  it("pulls what a policy allows, and takes old names away", () =>
    withRegistry(async ({ directory, gantry, host, repository, log }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      await copy(imageOf("two"), repository("app"), { name: "v2" });
      const policy = join(directory, "policy.json");
      const pull = (tag: string) => gantry("pull", "--policy", policy, `${host}/app:${tag}`);
      await writeFile(policy, JSON.stringify({ rules: [{ prefix: host, require: ["application/x-sbom"] }] }));
      const refused = await pull("v1");
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /it may not be pulled: it has no artifact of type application\/x-sbom/);
      assert.ok(!log.some((line) => line.includes("/blobs/")));
      await writeFile(policy, JSON.stringify({ rules: [{ prefix: `${host}/app` }] }));
      printed(await pull("v1"));
      printed(await pull("v2"));
      assert.match((await gantry("images", "prune")).stderr, /say which/);
      const prune = ["images", "prune", "--keep-last", "1"];
      assert.equal(printed(await gantry(...prune, "--dry-run")), `${host}/app:v1\n`);
      assert.equal(printed(await gantry(...prune)), `${host}/app:v1\n`);
      assert.equal(printed(await gantry("images", "ls", "-q")), `${host}/app:v2\n`);
    }));

  it("labels, leases, removes and collects", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const name = `${host}/app:v1`;
      printed(await gantry("pull", name));
      assert.equal(
        printed(await gantry("images", "label", name, "env=prod", "team=blue")),
        "env=prod,team=blue\n",
      );
      assert.equal(printed(await gantry("images", "label", name, "team=")), "env=prod\n");
      assert.equal(printed(await gantry("images", "ls", "-q", "labels.env==prod")), `${name}\n`);
      assert.equal(printed(await gantry("images", "ls", "-q", "labels.env==test")), "");
      assert.match((await gantry("images", "ls", "labels.env=test")).stderr, /parse filter .* at 10\n$/);
      const usage = JSON.parse(printed(await gantry("images", "usage", "--json", name)));
      assert.equal(usage.content.length, 3);

      const digests = printed(await gantry("content", "ls", "-q")).trim().split("\n") as Digest[];
      assert.equal(digests.length, 3);
      const config = await repository("app").resolve("v1");
      assert.equal(printed(await gantry("content", "label", digests[0]!, "a=1")).includes("a=1"), true);
      assert.equal(printed(await gantry("content", "ls", "-q", "labels.a==1")), `${digests[0]}\n`);
      const manifest = printed(await gantry("content", "get", config.descriptor.digest));
      assert.equal(JSON.parse(manifest).schemaVersion, 2);
      assert.match((await gantry("content", "rm", digests[0]!)).stderr, /it is needed/);

      assert.equal(printed(await gantry("leases", "create", "--id", "kept", name)), "kept\n");
      assert.match(printed(await gantry("leases", "ls")), /^kept /m);
      assert.equal(printed(await gantry("images", "rm", name)), `${name}\n`);
      assert.equal(JSON.parse(printed(await gantry("content", "active", "--json"))).writes.length, 0);
      printed(await gantry("leases", "rm", "kept"));
      const would = await gantry("store", "gc", "--dry-run", "--grace", "0", "--json");
      assert.deepEqual(JSON.parse(would.stdout).content.sort(), digests.sort());
      const done = await gantry("store", "gc", "--grace", "0");
      assert.deepEqual([done.code, done.stdout.trim().split("\n").sort()], [0, digests.sort()]);
      assert.match(done.stderr, /^freed /);
      assert.match(printed(await gantry("store", "du")), /^content +0 /m);
    }));

  it("fetches content without a tag, and finds what is wrong with it", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      const { descriptor } = await copy(imageOf("one"), repository("app"), { name: "v1" });
      const store = join(directory, "there");
      const at = (...args: string[]) => gantry("--store", store, ...args);
      assert.equal(printed(await at("content", "fetch", `${host}/app:v1`)), `${descriptor.digest}\n`);
      assert.equal(printed(await at("images", "ls", "-q")), `${host}/app@${descriptor.digest}\n`);
      assert.equal((await at("store", "fsck")).code, 0);
      const path = join(store, "blobs", "sha256", descriptor.digest.slice(7));
      await chmod(path, 0o644);
      await writeFile(path, "something else");
      const broken = await at("store", "fsck");
      assert.equal(broken.code, 1);
      assert.match(broken.stdout, new RegExp(descriptor.digest));
      assert.match(broken.stderr, /--repair removes what is wrong/);
      assert.equal((await at("store", "fsck", "--repair", "--json")).code, 0);
      assert.equal((await at("store", "fsck")).code, 0);
      assert.equal(printed(await at("images", "ls", "-q")), "");
      assert.equal(printed(await at("pull", `${host}/app:v1`)), `${host}/app:v1@${descriptor.digest}\n`);
    }));
});
