import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Digest } from "../../src/spec/mod.ts";
import { needs, run, serving } from "./server_peers.ts";

interface Counts {
  tests: number;
  failures: number;
  skipped: number;
}

/** Runs the suite of the distribution specification against a registry, and counts. */
async function conformance(
  host: string,
  directory: string,
  settings: Record<string, string> = {},
): Promise<Counts> {
  const results = join(directory, "results");
  const env = { OCI_REGISTRY: host, OCI_TLS: "disabled", OCI_RESULTS_DIR: results, ...settings };
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await run("env", ...set, "conformance").catch(() => {}); // the report tells what failed
  const report = await readFile(join(results, "junit.xml"), "utf8");
  const [, suite] = /<testsuite ([^>]*)>/.exec(report)!;
  const count = (name: string) => Number(new RegExp(`${name}="(\\d+)"`).exec(suite!)?.[1] ?? 0);
  return { tests: count("tests"), failures: count("failures"), skipped: count("skipped") };
}

/** All that the suite leaves out unless a registry says that it can. */
const options: Record<string, string> = {
  OCI_API_BLOBS_DIGEST_HEADER: "true",
  OCI_API_BLOBS_UPLOAD_CANCEL: "true",
  OCI_API_MANIFESTS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_TAG_PARAM: "true",
  OCI_DATA_SPARSE: "true",
};

describe("the conformance suite of the distribution specification", needs("conformance"), () => {
  it("passes over memory with nothing left out, and with all options", () =>
    serving(
      async ({ host, directory }) => {
        for (const settings of [{}, options, { OCI_VERSION: "dev" } as Record<string, string>]) {
          const { tests, failures, skipped } = await conformance(host, directory, settings);
          assert.ok(tests > 850, `${tests} tests`);
          assert.deepEqual({ failures, skipped }, { failures: 0, skipped: 0 });
        }
      },
      "memory",
      ({ names, repository }) => ({
        sparse: true,
        async holder(digest: Digest) {
          for await (const name of names()) {
            if (
              await repository(name).resolve(digest, { role: "blob" }).then(() => true, () => false)
            ) return name;
          }
          return undefined;
        },
      }),
    ));

  it("passes over a disk with nothing left out, and with all options", () =>
    serving(
      async ({ host, directory }) => {
        for (const settings of [{}, options, { OCI_VERSION: "dev" } as Record<string, string>]) {
          const { tests, failures, skipped } = await conformance(host, directory, settings);
          assert.ok(tests > 850, `${tests} tests`);
          assert.deepEqual({ failures, skipped }, { failures: 0, skipped: 0 });
        }
      },
      "disk",
      () => ({ sparse: true }),
    ));

  it("passes over a directory of layouts, where blobs are not deleted one by one", () =>
    serving(
      async ({ host, directory }) => {
        const { tests, failures } = await conformance(host, directory, options);
        assert.ok(tests > 850, `${tests} tests`);
        assert.equal(failures, 0);
      },
      "layouts",
      () => ({ sparse: true }),
    ));
});
