import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { foreignConfig as config, foreignImage } from "../documents.ts";

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
});
