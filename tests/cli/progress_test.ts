import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { progressLine } from "../../src/cli/progress.ts";
import { run } from "../../src/cli/program.ts";
import { verbose } from "../../src/cli/verbose.ts";
import { imageOf, inYard } from "./gantry.ts";
import { type Descriptor, mediaTypes } from "../../src/spec/mod.ts";

const digest = `sha256:${"a".repeat(64)}` as const;

describe("progress", () => {
  it("has a line for each part that is done", () => {
    const blob: Descriptor = { mediaType: mediaTypes.ociLayer, digest, size: 1 };
    const line = (how: "present" | "mounted" | "written", descriptor = blob) =>
      progressLine({ type: "done", id: 1, descriptor, how }, "pushed");
    assert.equal(line("written"), `pushed blob: ${digest}`);
    assert.equal(line("present"), `existing blob: ${digest}`);
    assert.equal(line("mounted"), `mounted blob: ${digest}`);
    assert.equal(line("written", { ...blob, mediaType: mediaTypes.ociIndex }), `pushed manifest: ${digest}`);
    assert.equal(
      progressLine({ type: "skipped", id: 1, mediaType: "x/y", digest }, "pushed"),
      `skipped ${digest}: not to be distributed`,
    );
    assert.equal(progressLine({ type: "progress", id: 1, bytes: 10 }, "pushed"), undefined);
  });

  it("goes to a terminal, and to nothing else", () =>
    inYard(async ({ directory, host, repository }) => {
      const image = imageOf("one");
      await copy(image, repository("app"), { name: "v1" });
      const written: Record<string, string> = {};
      for (const isTTY of [true, false]) {
        let said = "";
        const output = (isTTY: boolean) => ({
          isTTY,
          write: (data: string | Uint8Array, done: () => void) => (said += data, done()),
        });
        const code = await run(["copy", `${host}/app:v1`, `${host}/to-${isTTY}:v1`], {
          stdout: output(false),
          stderr: output(isTTY),
          env: { XDG_STATE_HOME: directory },
          signal: new AbortController().signal,
        });
        assert.equal(code, 0, said);
        written[`${isTTY}`] = said;
      }
      const [layer] = await image.layers();
      const lines = written["true"]!.trimEnd().split("\n").sort();
      assert.deepEqual(
        lines,
        [
          `mounted blob: ${await image.configName()}`,
          `mounted blob: ${await layer!.digest()}`,
          `pushed manifest: ${await image.digest()}`,
        ].sort(),
      );
      assert.equal(written["false"], "");
    }));
});

describe("--verbose", () => {
  it("tells of requests and answers, and of no secrets", async () => {
    const lines: string[] = [];
    const transport = verbose(
      () =>
        Promise.resolve(
          new Response(null, { status: 307, headers: { location: "https://cdn/x?sig=SECRET" } }),
        ),
      (line) => lines.push(line),
    );
    const headers = new Headers({ authorization: "Bearer SECRET", accept: "a/b" });
    await transport({ url: "https://registry/v2/?token=SECRET", method: "GET", headers });
    const all = lines.join("\n");
    assert.match(all, /^--> GET https:\/\/registry\/v2\//m);
    assert.match(all, /^ {4}accept: a\/b$/m);
    assert.match(all, /^<-- 307 GET https:\/\/registry\/v2\/.* \(\d+ ms\)$/m);
    assert.match(all, /^ {4}location: https:\/\/cdn\/x/m);
    assert.ok(!all.includes("SECRET"), all);
  });

  it("tells of requests that fail, and passes the reason on", async () => {
    const lines: string[] = [];
    const cause = new Error("no route to https://registry/?token=SECRET");
    const reason = new TypeError("fetch failed", { cause });
    const transport = verbose(() => Promise.reject(reason), (line) => lines.push(line));
    const failing = transport({ url: "https://registry/v2/", method: "PUT", headers: new Headers() });
    await assert.rejects(failing, reason);
    assert.match(lines.join("\n"), /^<-- PUT https:\/\/registry\/v2\/: no route/m);
    assert.ok(!lines.join("\n").includes("SECRET"));
  });
});
