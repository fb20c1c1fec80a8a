import assert from "node:assert/strict";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { retain } from "../../../../src/cli/support/serve/retain.ts";
import type { RetentionRule } from "../../../../src/cli/support/serve/config.ts";
import { copy } from "../../../../src/copy/mod.ts";
import { addManifest, artifact, emptyIndex, openRoot } from "../../../../src/image/mod.ts";
import { type Digest, hexOf } from "../../../../src/spec/mod.ts";
import { type Store, store } from "../../../../src/store/mod.ts";
import { inDirectory } from "../../../support/directory.ts";
import { imageOf } from "../../gantry.ts";

/** A store with a clock, and what rules remove from it. */
async function withStore(
  work: (there: Store, tools: {
    at: (seconds: number) => void;
    age: (digest: Digest, seconds: number) => Promise<void>;
    gone: (rules: RetentionRule[], dryRun?: boolean) => Promise<string[]>;
  }) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    let now = Date.now();
    await using there = store(directory, { now: () => new Date(now) });
    await work(there, {
      at: (seconds) => void (now = Date.now() + seconds * 1000),
      async age(digest, seconds) {
        const then = new Date(Date.now() - seconds * 1000);
        await utimes(join(directory, "blobs", "sha256", hexOf(digest)), then, then);
      },
      async gone(rules, dryRun) {
        const names: string[] = [];
        await retain(there, rules, { dryRun }, (name) => void names.push(name));
        return names;
      },
    });
  });
}

describe("retention", () => {
  it("removes tags by number, age and pattern, of the repositories it is about", () =>
    withStore(async (there, { at, gone }) => {
      for (const [i, tag] of ["v1", "n1", "n2", "keep", "n3"].entries()) {
        at(i * 100 - 1000);
        for (const name of ["nightly/app", "nightly/deep/app", "other"]) {
          await copy(imageOf("one"), there.linked(name), { name: tag });
        }
      }
      at(0);
      const rule = { repositories: "nightly/*", tags: ["n*", "keep"], except: ["keep"], keepLast: 1 };
      assert.deepEqual(await gone([rule], true), ["nightly/app:n1", "nightly/app:n2"]);
      assert.deepEqual(await gone([{ ...rule, olderThan: 850 }], true), ["nightly/app:n1"]);
      assert.deepEqual(await gone([{ ...rule, keepLast: 3 }]), []);
      assert.deepEqual(await gone([rule]), ["nightly/app:n1", "nightly/app:n2"]);
      assert.deepEqual(await Array.fromAsync(there.linked("nightly/app").names()), ["keep", "n3", "v1"]);
      assert.deepEqual(await gone([rule]), []);
      const every = { repositories: ["nightly/**", "other"], olderThan: 950 };
      assert.deepEqual(await gone([every]), ["nightly/app:v1", "nightly/deep/app:v1", "other:v1"]);
    }));

  it("removes old manifests to which nothing leads, and nothing else", () =>
    withStore(async (there, { age, gone }) => {
      const app = there.linked("app");
      const [child, moved, young] = [imageOf("child"), imageOf("moved"), imageOf("young")];
      const all = emptyIndex().edit(addManifest(child));
      await copy(all, app, { name: "all" });
      await copy(moved, app, { name: "v1" });
      const movedOf = (await app.resolve("v1")).descriptor;
      await copy(young, app, { name: "v1" });
      // Signatures of what stays, of what goes, and of a signature.
      const signature = async (subject: { digest: Digest }) => {
        const about = (await app.resolve(subject.digest)).descriptor;
        return (await copy(artifact("application/vnd.example.signature", { subject: about }), app))
          .descriptor;
      };
      const kept = await signature((await app.resolve("all")).descriptor);
      const keptToo = await signature(kept);
      const lost = await signature(movedOf);
      const digests = [await child.digest(), await all.digest(), movedOf.digest, kept.digest, keptToo.digest];
      for (const digest of [...digests, lost.digest]) await age(digest, 1000);
      const rule = [{ repositories: "app", untagged: 500 }];
      const expected = [`app@${movedOf.digest}`, `app@${lost.digest}`].sort();
      assert.deepEqual((await gone(rule, true)).sort(), expected);
      assert.deepEqual(await gone([{ untagged: 2000 }, { repositories: "b", untagged: 0 }]), []);
      assert.deepEqual((await gone(rule)).sort(), expected);
      assert.deepEqual(await gone(rule), []);
      await openRoot(app, "all").then((root) => copy(root, there.linked("copy")));
      assert.equal((await Array.fromAsync(app.referrers({ digest: await all.digest() }))).length, 1);
    }));

  it("tells in a dry run what would go with the tags", () =>
    withStore(async (there, { age, gone }) => {
      const app = there.linked("app");
      const { descriptor: { digest } } = await copy(imageOf("one"), app, { name: "v1" });
      await age(digest, 1000);
      const rules = [{ keepLast: 0, untagged: 500 }];
      assert.deepEqual(await gone(rules, true), ["app:v1", `app@${digest}`]);
      assert.deepEqual(await gone(rules), ["app:v1", `app@${digest}`]);
    }));
});
