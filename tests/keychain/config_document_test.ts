import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseAuthEntry } from "../../src/keychain/auth_entry.ts";
import {
  configCredentials,
  credentialsAt,
  helperFor,
  parseConfigDocument,
  parseDockercfg,
} from "../../src/keychain/config_document.ts";
import { findKey, hostnameOf } from "../../src/keychain/server_key.ts";
import { fails } from "../../src/testing/errors.ts";
import { fixture, haveFixtures, needsFixtures, table } from "../support/fixtures.ts";
import { asked } from "./support.ts";

interface Row {
  rule: string;
  name?: string;
  target: string;
  config: string;
  username: string;
  password: string;
  input: string;
  error?: string;
  file: string;
  server: string;
  expected: Record<string, string> | string | [];
}

interface Expected {
  json?: string;
  legacy?: string;
  legacy_ini?: { username: string };
  auths?: Record<string, Record<string, string>> | string;
  credsStore?: string;
  credHelpers?: Record<string, string>;
  HttpHeaders?: Record<string, string>;
}

describe("the table docker-config-lookup", needsFixtures, () => {
  const auths = (file: string) =>
    parseConfigDocument(readFileSync(fixture(`docker-config/${file}`)), file).auths;
  const answers: Record<string, (row: Row) => void | Promise<void>> = {
    hostname: ({ input, expected }) => assert.equal(hostnameOf(input), expected),
    "ggcr.keychain": async ({ config, target, username, password }) =>
      assert.deepEqual(await configCredentials(config)(asked(target)), { username, password }),
    "ggcr.unmarshal": ({ input, error, expected }) => {
      const read = () => parseAuthEntry(JSON.parse(input), "the entry");
      if (error !== undefined) return assert.throws(read, fails("invalid-document", /"auth" is not base64/));
      const { Username, Password } = expected as Record<string, string>;
      assert.deepEqual(read(), { username: Username, password: Password });
    },
    "oras.get": ({ file, server, expected }) => {
      const all = auths(file), key = findKey(Object.keys(all), { registry: server });
      const { username, password, identityToken, registryToken } = parseAuthEntry(
        key === undefined ? {} : all[key],
        file,
      );
      const found = {
        Username: username,
        Password: password,
        RefreshToken: identityToken,
        AccessToken: registryToken,
      };
      assert.deepEqual(JSON.parse(JSON.stringify(found)), expected);
    },
    "oras.get-auth": ({ file, server, expected }) => {
      const all = auths(file), key = findKey(Object.keys(all), { registry: server });
      const { Auth } = expected as Record<string, string>;
      assert.equal(key === undefined ? undefined : (all[key] as Record<string, string>)["auth"], Auth);
    },
  };
  for (const [i, row] of (haveFixtures ? table<Row>("docker-config-lookup") : []).entries()) {
    it(`${i}: ${row.rule} ${row.name ?? row.input}`, () => answers[row.rule]!(row));
  }
});

describe("the files docker-config", needsFixtures, () => {
  const all: Record<string, Expected> = haveFixtures
    ? JSON.parse(readFileSync(fixture("expected/docker-config.json"), "utf8"))
    : {};
  for (const [file, expected] of Object.entries(all)) {
    it(file, () => {
      const bytes = readFileSync(fixture(file));
      const parse = expected.legacy || expected.legacy_ini ? parseDockercfg : parseConfigDocument;
      if (expected.legacy_ini) {
        assert.throws(() => parseConfigDocument(bytes, file), fails("invalid-document"));
        const found = credentialsAt(parse(bytes, file), { registry: "docker.io" });
        return assert.deepEqual(found, { username: expected.legacy_ini.username, password: "bar" });
      }
      if (expected.json || typeof expected.auths === "string") {
        return assert.throws(() => parse(bytes, file), fails("invalid-document", new RegExp(file)));
      }
      const document = parse(bytes, file);
      if (!expected.legacy) assert.deepEqual(Object.keys(document.auths), Object.keys(expected.auths ?? {}));
      for (const [key, entry] of Object.entries(expected.auths ?? {})) {
        const { username = entry["username"], password = entry["password"], identityToken, registryToken } =
          parseAuthEntry(document.auths[key], key);
        assert.equal(username, entry["auth_username"] ?? entry["username"]);
        assert.equal(password, entry["auth_password"] ?? entry["password"]);
        assert.equal(identityToken, entry["identitytoken"]);
        assert.equal(registryToken, entry["registrytoken"]);
        assert.equal(findKey(Object.keys(document.auths), { registry: key }), key);
        const host = findKey(Object.keys(document.auths), { registry: hostnameOf(key) });
        assert.equal(hostnameOf(host!), hostnameOf(key));
      }
      assert.equal(document.credsStore, expected.credsStore);
      assert.deepEqual(document.credHelpers, expected.credHelpers ?? {});
      assert.deepEqual(document.httpHeaders, expected.HttpHeaders ?? {});
    });
  }
});

describe("a config document", () => {
  it("may be empty, or begin with a byte order mark (A43)", async () => {
    for (const empty of ["", " \r\n\t", "{}", "\ufeff{}", '{"auths":null,"credHelpers":null}']) {
      assert.equal(await configCredentials(empty)(asked("quay.io")), undefined);
    }
  });

  it("may write its fields in any case, as Go reads them", async () => {
    const keychain = configCredentials('{"Auths":{"quay.io":{"auth":"bWU6c2VjcmV0"}}}');
    assert.deepEqual(await keychain(asked("quay.io")), { username: "me", password: "secret" });
  });

  it("with a broken entry serves for all others (A40)", async () => {
    const auths = { "a.test": { auth: "?" }, "b.test": { auth: "bWU6c2VjcmV0" }, "c.test": 7 };
    const keychain = configCredentials(JSON.stringify({ auths }), '"config.json"');
    assert.deepEqual(await keychain(asked("b.test")), { username: "me", password: "secret" });
    assert.equal(await keychain(asked("d.test")), undefined);
    for (const broken of ["a.test", "c.test"]) {
      await assert.rejects(
        keychain(asked(broken)),
        fails("invalid-document", new RegExp(`"${broken}" of "config\\.json"`)),
      );
    }
  });

  it("names the helper of a registry, else that of all, else none (A42)", () => {
    const credHelpers = { "a.test": "one", "https://index.docker.io/v1/": "two", "b.test": "" };
    const document = parseConfigDocument(JSON.stringify({ credHelpers, credsStore: "store" }), "x");
    assert.equal(helperFor(document, "a.test"), "one");
    assert.equal(helperFor(document, "docker.io"), "two");
    assert.equal(helperFor(document, "c.test"), "store");
    assert.equal(helperFor(document, "b.test"), undefined);
    assert.equal(helperFor(parseConfigDocument('{"credsStore":""}', "x"), "a.test"), undefined);
  });

  it("that is none is an error that names it", () => {
    const bad = [
      "[]",
      "null",
      "{",
      "7",
      '{"auths":[]}',
      '{"auths":7}',
      '{"credHelpers":{"a":7}}',
      '{"credsStore":7}',
      '{"HttpHeaders":{"a":[]}}',
      '{"auths":{},"auths":{}}',
    ];
    for (const document of bad) {
      assert.throws(
        () => parseConfigDocument(document, "the file"),
        fails("invalid-document", /the file/),
        document,
      );
    }
  });

  it("is read, or an error of ours, whatever it is", () => {
    const server = { registry: "quay.io", repository: "acme/app" };
    const value = fc.oneof(
      fc.json(),
      fc.string(),
      fc.dictionary(
        fc.constantFrom("auths", "credsStore", "credHelpers"),
        fc.dictionary(fc.constantFrom("quay.io", "x", "__proto__"), fc.jsonValue()),
      ).map((object) => JSON.stringify(object)),
    );
    fc.assert(fc.property(value, (document) => {
      for (const parse of [parseConfigDocument, parseDockercfg]) {
        try {
          const parsed = parse(document, "x");
          helperFor(parsed, server.registry);
          credentialsAt(parsed, server);
        } catch (error) {
          fails(["invalid-document", "too-large"])(error);
        }
      }
    }));
  });
});
