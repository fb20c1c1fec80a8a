import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { annotate, configure, emptyImage, label, openImage, setSubject } from "../../../src/image/mod.ts";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { foreignConfig as config, foreignImage, text } from "../documents.ts";

describe("configure", () => {
  it("sets what it is told to and nothing else", async () => {
    const { image } = await foreignImage(config);
    const { config: set, author, created, variant } = await image.configure({
      env: { A: "2", B: "=x" },
      labels: { l: "1" },
      workingDir: "/w",
      exposedPorts: ["80/tcp"],
      author: "me",
      created: "2020-01-01T00:00:00Z",
      variant: "v3",
    }).config();
    assert.deepEqual(set, {
      Env: ["PATH=/bin", "A=2", "B==x"],
      Cmd: ["sh"],
      Labels: { l: "1" },
      WorkingDir: "/w",
      ExposedPorts: { "80/tcp": {} },
    });
    assert.deepEqual({ author, created, variant }, {
      author: "me",
      created: "2020-01-01T00:00:00Z",
      variant: "v3",
    });
  });

  it("drops the command with the entrypoint it belonged to", async () => {
    const { image } = await foreignImage(config);
    assert.deepEqual((await image.configure({ entrypoint: ["/e"] }).config()).config?.Cmd, undefined);
    const both = await image.configure({ entrypoint: ["/e"], cmd: ["c"] }).config();
    assert.deepEqual([both.config?.Entrypoint, both.config?.Cmd], [["/e"], ["c"]]);
  });

  const everything = {
    cmd: ["c"],
    env: { A: "1" },
    labels: { l: "1" },
    user: "1",
    workingDir: "/w",
    exposedPorts: ["80/tcp"],
    volumes: ["/v"],
    stopSignal: "SIGINT",
    healthcheck: { Test: ["NONE"] },
    shell: ["/bin/bash", "-c"],
    onBuild: ["RUN x"],
    argsEscaped: true,
    created: "2020-01-01T00:00:00Z",
    author: "me",
    variant: "v8",
    osVersion: "10",
    osFeatures: ["win32k"],
  };
  it("sets every field, and removes every one that is null", async () => {
    const set = emptyImage().configure({ ...everything, entrypoint: ["/e"] });
    const { config, created, author, variant, "os.version": version, "os.features": features } = await set
      .config();
    assert.deepEqual(config, {
      Cmd: ["c"],
      Healthcheck: { Test: ["NONE"] },
      Entrypoint: ["/e"],
      Env: ["A=1"],
      Labels: { l: "1" },
      OnBuild: ["RUN x"],
      User: "1",
      Volumes: { "/v": {} },
      WorkingDir: "/w",
      ExposedPorts: { "80/tcp": {} },
      ArgsEscaped: true,
      StopSignal: "SIGINT",
      Shell: ["/bin/bash", "-c"],
    });
    assert.deepEqual([created, author, variant, version, features], [
      everything.created,
      "me",
      "v8",
      "10",
      ["win32k"],
    ]);
    const nulls = Object.fromEntries(Object.keys(everything).map((name) => [name, null]));
    assert.equal(await set.configure({ ...nulls, entrypoint: null }).digest(), await emptyImage().digest());
  });

  it("removes single variables, labels, ports and volumes, and leaves no empty list", async () => {
    const set = emptyImage().configure({
      env: { A: "1", B: "2" },
      labels: { a: "1" },
      volumes: ["/a", "/b"],
    });
    const { config } = await set.configure({
      env: { A: null, C: null },
      labels: { a: null },
      volumes: { "/a": false, "/c": true },
      exposedPorts: { "80/tcp": false },
    }).config();
    assert.deepEqual(config, { Env: ["B=2"], Volumes: { "/b": {}, "/c": {} } });
  });

  it("puts new keys where Go's tools write them, and others where they were", async () => {
    const go = emptyImage().configure({ user: "1", workingDir: "/w" });
    const raw = text(
      await go.configure({ entrypoint: ["/e"], cmd: ["c"], labels: { b: "", a: "" } }).rawConfigFile(),
    );
    assert.match(
      raw,
      /"config":{"Cmd":\["c"\],"Entrypoint":\["\/e"\],"Labels":{"a":"","b":""},"User":"1","WorkingDir":"\/w"}/,
    );
    const { image } = await foreignImage(config);
    assert.match(
      text(await image.configure({ entrypoint: ["/e"], cmd: ["c"] }).rawConfigFile()),
      /"config":{"Env":\[.*\],"Entrypoint":\["\/e"\],"Cmd":\["c"\]}/,
    );
  });

  it("refuses names that no variable has", () => {
    for (const name of ["", "A=B"]) {
      assert.throws(() => configure({ env: { [name]: "" } }), { code: "invalid-name" });
    }
  });

  it("refuses a config that is null, or no image's, before layers are written", async () => {
    for (const broken of ["null", "[]", "{}", `{"rootfs":1}`]) {
      const { image } = await foreignImage(broken);
      const target = memory();
      await assert.rejects(
        copy(image.configure({ user: "1" }), target),
        { code: "invalid-document" },
        broken,
      );
      const [layer] = (await image.manifest()).layers;
      await assert.rejects(target.open(layer!), { code: "not-found" });
    }
  });

  it("may come before or after edits of other things", () =>
    fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (order) => {
        const { image } = await foreignImage(config);
        const edits = [
          configure({ user: "1", env: { Z: "9" } }),
          label({ a: "1" }),
          annotate({ b: "2", kept: null }),
          setSubject(await emptyImage().descriptor()),
          configure({ volumes: ["/v"], author: "me" }),
        ];
        const one = edits.reduce((image, edit) => image.edit(edit), image);
        const other = order.reduce((image, i) => image.edit(edits[i]!), image);
        assert.deepEqual(await other.manifest(), {
          ...await one.manifest(),
          config: (await other.manifest()).config,
        });
        assert.deepEqual(await other.config(), await one.config());
      }),
      { seed: 22, numRuns: 40 },
    ));

  it("survives a way through a registry of other documents", async () => {
    const { image } = await foreignImage(config);
    const target = memory();
    await copy(image.edit(label({ a: "1" })), target, { name: "v1" });
    assert.match(text(await (await openImage(target, "v1")).rawConfigFile()), /"x-big":12345678901234567890/);
  });
});
