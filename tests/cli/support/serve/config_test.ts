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
    ['{"rules":[{"actions":[1]}]}', /config\.rules\[0\]\.actions\[0\] is not one of/],
    ['{"tls":{"cert":"a"}}', /config\.tls\.key is not there/],
    ['{"tokens":{"realm":"a","service":"b","issuer":"c"}}', /config\.tokens needs either key or keys/],
    ['{"webhooks":[{"url":"a"}]}', /config\.webhooks\[0\]\.url is not a URL/],
    [
      '{"webhooks":[{"url":"http://a","headers":{"b":1}}]}',
      /config\.webhooks\[0\]\.headers\.b is not a text/,
    ],
    [
      '{"rules":[{"actions":["pul"]}]}',
      /config\.rules\[0\]\.actions\[0\] is not one of pull, push, delete, catalog/,
    ],
    ['{"rules":[{"repositories":1,"actions":[]}]}', /config\.rules\[0\]\.repositories is not a list/],
    ['{"limits":{"ip":{}}}', /config\.limits\.ip means nothing, there are address, user, repository/],
    ['{"limits":{"user":{"requests":0}}}', /config\.limits\.user\.requests is not a number above 0/],
    ['{"limits":{"user":{"burst":0.5}}}', /config\.limits\.user\.burst is not a whole number, 1 or more/],
    [
      '{"limits":{"address":{"openUploads":"1"}}}',
      /config\.limits\.address\.openUploads is not a whole number/,
    ],
    ['{"cors":["https://ui.example.com/"]}', /config\.cors\[0\] is not \* or an origin/],
    ['{"trustedProxies":["10.0.0.0/64"]}', /config\.trustedProxies\[0\] is not an address or a network/],
    ['{"quotas":[{"repositories":"a"}]}', /config\.quotas\[0\] is not one with bytes or manifests or tags/],
    ['{"quotas":[{"bytes":-1}]}', /config\.quotas\[0\]\.bytes is not a whole number, 0 or more/],
    [
      '{"retention":[{"tags":["a"]}]}',
      /config\.retention\[0\] is not one with keepLast or olderThan or untagged/,
    ],
    ['{"retention":[{"keepLast":1.5}]}', /config\.retention\[0\]\.keepLast is not a whole number/],
    ['{"retention":[{"untagged":"1d"}]}', /config\.retention\[0\]\.untagged is not a number of seconds/],
    ['{"gcInterval":0}', /config\.gcInterval is not a number above 0/],
    ['{"gcInterval":1e9}', /config\.gcInterval is not a number above 0, up to 2000000/],
    ['{"s3":"s3://a","quotas":[{"tags":1}]}', /config\.quotas is not for buckets/],
  ];
  for (const [text, words] of wrong) {
    it(`is refused by the place of what is wrong: ${text || "nothing at all"}`, () =>
      inDirectory((directory) => rejects(read(text, directory), "invalid-document", words)));
  }

  it("is an error when it is not there", () =>
    rejects(readServeConfig("/nowhere/registry.json"), "storage", /nowhere\/registry\.json/));
});
