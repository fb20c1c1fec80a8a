import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readServeConfig } from "../../../../src/cli/support/serve/config.ts";
import { inDirectory } from "../../../support/directory.ts";
import { rejects } from "../../../../src/testing/errors.ts";

async function read(text: string, directory: string) {
  const path = join(directory, "registry.json");
  await writeFile(path, text);
  return await readServeConfig(path);
}

describe("the configuration of a registry", () => {
  it("is what its documentation shows, with paths beside the file", () =>
    inDirectory(async (directory) => {
      const page = await readFile("docs/serve-config.md", "utf8");
      const [, example] = /```json\n(.*?)```/s.exec(page)!;
      const config = await read(example!, directory);
      assert.equal(config.htpasswd, join(directory, "users"));
      assert.deepEqual(config.tls, {
        cert: join(directory, "registry.pem"),
        key: join(directory, "registry.key"),
      });
      assert.equal(config.disk, "/var/lib/gantry");
      assert.equal(config.rules?.length, 4);
      for (const field of Object.keys(config)) assert.ok(page.includes(`| \`${field}\``), field);
      await readServeConfig("examples/deploy/registry.json");
    }));

  const wrong: [text: string, words: RegExp][] = [
    ["", /registry\.json/],
    ["[]", /config is not an object/],
    ['{"adress":":5000"}', /config\.adress means nothing, there are address, disk/],
    ['{"grace":"10"}', /config\.grace is not a number of seconds/],
    ['{"rules":{}}', /config\.rules is not a list/],
    ['{"rules":[{"users":["a"]}]}', /config\.rules\[0\]\.actions is not there, and it is needed/],
    ['{"rules":[{"actions":[1]}]}', /config\.rules\[0\]\.actions\[0\] is not a text/],
    ['{"tls":{"cert":"a"}}', /config\.tls\.key is not there/],
    ['{"tokens":{"realm":"a","service":"b","issuer":"c"}}', /config\.tokens needs either key or keys/],
    ['{"webhooks":[{"url":"a","headers":{"b":1}}]}', /config\.webhooks\[0\]\.headers\.b is not a text/],
  ];
  for (const [text, words] of wrong) {
    it(`is refused by the place of what is wrong: ${text || "nothing at all"}`, () =>
      inDirectory((directory) => rejects(read(text, directory), "invalid-document", words)));
  }

  it("is an error when it is not there", () =>
    rejects(readServeConfig("/nowhere/registry.json"), "storage", /nowhere\/registry\.json/));
});
