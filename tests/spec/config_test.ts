import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { formatJson, parseConfig } from "../../src/spec/mod.ts";

const digest = `sha256:${"a".repeat(64)}`;
const least = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [digest] } };
const parse = (value: unknown) => parseConfig(utf8(JSON.stringify(value)), "c");

describe("parseConfig", () => {
  it("gives the document as it is: nulls, unknown fields and their order too", () => {
    const value = {
      moby: 1,
      ...least,
      config: {
        Env: null,
        Cmd: ["sh"],
        Volumes: null,
        Labels: { b: "1", a: "2" },
        Healthcheck: null,
        Hostname: "",
      },
      history: [{ created_by: "RUN", empty_layer: true, x: 1 }],
    };
    assert.deepEqual(parse(value), value);
    assert.equal(new TextDecoder().decode(formatJson(parse(value))), JSON.stringify(value));
  });

  it("reads an image without layers, however Go wrote it", () => {
    for (
      const rootfs of [{ type: "layers" }, { type: "layers", diff_ids: null }, {
        type: "layers",
        diff_ids: [],
      }]
    ) {
      assert.deepEqual(parse({ ...least, rootfs }).rootfs.diff_ids, []);
    }
  });

  it("says what is wrong, and where", () => {
    const problems: [unknown, string][] = [
      [[], "parse c: not an object"],
      [{ ...least, os: undefined }, 'parse c: no "os"'],
      [{ ...least, architecture: null }, 'parse c: no "architecture"'],
      [{ ...least, rootfs: undefined }, 'parse c: no "rootfs"'],
      [{ ...least, rootfs: { type: "x" } }, 'parse the rootfs of c: "type" is not "layers"'],
      [{ ...least, config: [] }, "parse the config of c: not an object"],
      [{ ...least, config: { Cmd: "sh" } }, 'parse the config of c: "Cmd" is not a list of strings'],
      [{ ...least, config: { Volumes: ["/a"] } }, 'parse the config of c: "Volumes" is not a map'],
      [{ ...least, config: { ArgsEscaped: 1 } }, 'parse the config of c: "ArgsEscaped" is not true or false'],
      [{ ...least, history: {} }, 'parse c: "history" is not a list of objects'],
      [
        { ...least, history: [{}, { empty_layer: 1 }] },
        'parse history 1 of c: "empty_layer" is not true or false',
      ],
    ];
    for (const [value, message] of problems) {
      assert.throws(() => parse(value), { code: "invalid-document", message });
    }
    assert.throws(() => parse({ ...least, rootfs: { type: "layers", diff_ids: ["sha256:1"] } }), {
      code: "invalid-digest",
      message: /^parse diff id 0 of c: /,
    });
  });
});
