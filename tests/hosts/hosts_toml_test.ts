import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostsToml, type TomlHost } from "../../src/hosts/hosts_toml.ts";
import { parseToml } from "../../src/hosts/toml.ts";
import { GantryError } from "../../src/errors.ts";
import { fails } from "../../src/testing/errors.ts";
import { needsFixtures, table } from "../support/fixtures.ts";

interface Case {
  name: string;
  input?: string;
  hosts: Record<string, unknown>[];
}

/** A host as the table writes it. */
function asInTable({ root, capabilities, ca, client, skipVerify, headers, dialTimeout }: TomlHost) {
  const [, scheme, host, path = ""] = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(root)!;
  return {
    scheme,
    host,
    path,
    capabilities,
    ...(ca && { ca }),
    ...(client && { client }),
    ...(skipVerify !== undefined && { skip_verify: skipVerify }),
    ...(headers && { header: headers }),
    ...(dialTimeout !== undefined && { dial_timeout: `${dialTimeout / 1000}s` }),
  };
}

describe("hosts.toml of containerd", needsFixtures, () => {
  for (const { name, input, hosts } of table<Case>("hosts-toml").filter(({ input }) => input !== undefined)) {
    it(name, () => {
      const parsed = parseHostsToml(input!, "hosts.toml", "test.registry/v2");
      assert.deepEqual(parsed.map(asInTable), hosts);
    });
  }
});

describe("hosts.toml", () => {
  it("ends with the registry itself where it names no server", () => {
    const [mirror, own] = parseHostsToml('[host."https://m.test"]\n', "hosts.toml", "localhost:5000/v2");
    assert.equal(mirror!.root, "https://m.test/v2");
    assert.equal(own!.root, "localhost:5000/v2");
  });

  it("that is not right names the file, the place and the reason", () => {
    const wrong = {
      '[host."https://m.test"]\ncapabilities = ["fly"]':
        /^read h: host: https:\/\/m\.test: "fly" is no capability; there are pull, /,
      '[host."ftp://m.test"]': /"ftp:\/\/m\.test" is no address of a host/,
      'server = "https://s.test"\ndial_timeout = "soon"': /^read h: dial_timeout is no duration/,
      "client = [1]": /client is not a path/,
      "ca = true": /^read h: ca is not a string or a list of strings$/,
      "server = [": /^read h: line 1, column \d+: /,
    };
    for (const [text, words] of Object.entries(wrong)) {
      assert.throws(() => parseHostsToml(text, "h", "r/v2"), fails("invalid-document", words));
    }
  });
});

describe("the suite for TOML 1.0", needsFixtures, () => {
  interface TomlCase {
    name: string;
    input: string | { base64: string };
    valid: boolean;
  }
  // What TOML 1.1 allows, and days that no month has: nothing here holds a date.
  const accepted = [
    "inline-table/linebreak-03",
    "inline-table/linebreak-04",
    "local-date/feb-30",
    "local-datetime/feb-29",
    "local-datetime/feb-30",
    "local-time/no-secs",
    "string/basic-byte-escapes",
  ].map((name) => `invalid/${name}.toml`);

  it("passes, what is right and what is wrong", () => {
    const cases = table<TomlCase>("toml-1.0").filter(({ input }) => typeof input === "string");
    const other = cases.filter(({ input, valid }) => {
      try {
        parseToml(input as string, "file");
        return !valid;
      } catch (error) {
        return valid || !GantryError.is(error, "invalid-document");
      }
    });
    assert.ok(cases.length > 300);
    assert.deepEqual(other.map(({ name }) => name).sort(), accepted);
  });
});
