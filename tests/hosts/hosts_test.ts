import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { hostsFrom } from "../../src/hosts/mod.ts";
import { rejects } from "../../src/testing/errors.ts";

/** Writes files into a directory that goes away afterwards. */
async function withFiles(
  files: Record<string, string | object>,
  work: (at: (name: string) => string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-hosts-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));
    }
    await work((name) => join(directory, name));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const mirrors = ["resolve", "pull", "referrers"];
const all = ["resolve", "pull", "push", "referrers"];

describe("a file of hosts", () => {
  it("names mirrors, certificates, sockets and headers", () =>
    withFiles({
      "ca.pem": "CA",
      "me.pem": "ME",
      "me.key": "KEY",
      "hosts.json": {
        hosts: {
          "docker.io": {
            mirrors: ["https://one.test/hub/", {
              url: "http://two.test",
              capabilities: "pull",
              ca: "ca.pem",
            }],
          },
          "reg.test": { ca: ["ca.pem"], cert: "me.pem", key: "me.key", headers: { "x-team": "ours" } },
          "lab.test": { url: "http://10.0.0.7:5000/registry", insecure: true },
          "local.test": { url: "unix:///run/registry.sock" },
        },
      },
    }, async (at) => {
      const find = hostsFrom({ files: [at("hosts.json")] });
      assert.deepEqual(await find({ registry: "docker.io", repository: "library/alpine" }), [
        { root: "https://one.test/hub/v2", capabilities: mirrors },
        { root: "http://two.test/v2", capabilities: ["pull"], connection: { ca: ["CA"] } },
        { root: "registry-1.docker.io/v2", capabilities: all },
      ]);
      assert.deepEqual(await find({ registry: "reg.test" }), [{
        root: "reg.test/v2",
        capabilities: all,
        headers: { "x-team": "ours" },
        connection: { ca: ["CA"], cert: "ME", key: "KEY" },
      }]);
      assert.deepEqual(await find({ registry: "lab.test" }), [
        { root: "http://10.0.0.7:5000/registry/v2", capabilities: all, connection: { insecure: true } },
      ]);
      assert.deepEqual(await find({ registry: "local.test" }), [
        { root: "http://local.test/v2", capabilities: all, connection: { socket: "/run/registry.sock" } },
      ]);
      assert.equal(await find({ registry: "other.test" }), undefined);
    }));

  it("that is not right names the file, the place and the reason", async () => {
    const wrong: [file: string | object, words: RegExp][] = [
      ["{", /hosts\.json: /],
      [[], /hosts\.json: it is no table$/],
      [{ host: {} }, /hosts\.json: "host" is unknown; there are include, hosts$/],
      [{ hosts: { a: { mirror: [] } } }, /hosts: a: "mirror" is unknown/],
      [{ hosts: { a: { mirrors: ["m.test"] } } }, /a: mirror 1: the url "m\.test" is not https:/],
      [{ hosts: { a: { mirrors: [{}] } } }, /a: mirror 1: there is no url$/],
      [{ hosts: { a: { url: "https://me:pass@a" } } }, /is not https:/],
      [{ hosts: { a: { capabilities: ["fly"] } } }, /"fly" is no capability; there are resolve, pull/],
      [{ hosts: { a: { insecure: "yes" } } }, /insecure is not true or false$/],
      [{ hosts: { a: { key: "k" } } }, /there is a key and no cert$/],
    ];
    for (const [file, words] of wrong) {
      await withFiles(
        { "hosts.json": file },
        (at) =>
          rejects(hostsFrom({ files: [at("hosts.json")] })({ registry: "a" }), "invalid-document", words),
      );
    }
    await withFiles(
      { "hosts.json": { hosts: { a: { ca: "gone.pem" } } } },
      (at) =>
        rejects(
          hostsFrom({ files: [at("hosts.json")] })({ registry: "a" }),
          "not-found",
          /hosts: a: there is no file ".*gone\.pem"/,
        ),
    );
  });

  it("that is not there says nothing", async () => {
    assert.equal(
      await hostsFrom({ files: ["/nowhere/hosts.json", "/nowhere/r.conf"] })({ registry: "a" }),
      undefined,
    );
  });

  it("may be mended while we run", () =>
    withFiles({ "hosts.json": "{" }, async (at) => {
      const find = hostsFrom({ files: [at("hosts.json")] });
      await rejects(find({ registry: "a" }), "invalid-document");
      await writeFile(at("hosts.json"), "{}");
      assert.equal(await find({ registry: "a" }), undefined);
    }));

  it("includes others, which count where it says nothing, in whatever circle", () =>
    withFiles({
      "hosts.json": {
        include: ["more.json", "r.conf", "certs.d"],
        hosts: { "a.test": { url: "https://one.test" } },
      },
      "more.json": {
        include: ["hosts.json"],
        hosts: { "a.test": { url: "https://no.test" }, "b.test": { url: "https://two.test" } },
      },
      "r.conf": '[[registry]]\nlocation = "c.test"\ninsecure = true\n',
      "certs.d/d.test/hosts.toml": 'server = "https://three.test"\n',
    }, async (at) => {
      const find = hostsFrom({ files: [at("hosts.json")] });
      const roots = ["a.test", "b.test", "c.test", "d.test"].map(async (registry) =>
        (await find({ registry }))?.[0]?.root
      );
      assert.deepEqual(await Promise.all(roots), [
        "https://one.test/v2",
        "https://two.test/v2",
        "c.test/v2",
        "https://three.test/v2",
      ]);
    }));
});

describe("a registries.conf", () => {
  it("is changed by what lies in the directory beside it, and blocks", () =>
    withFiles({
      "r.conf": '[[registry]]\nlocation = "a.test"\n[[registry]]\nlocation = "b.test"\nblocked = true\n',
      "r.conf.d/1.conf": '[[registry]]\nprefix = "a.test"\nlocation = "one.test"\n',
      "r.conf.d/2.conf": '[[registry]]\nprefix = "a.test"\nlocation = "two.test/x"\n',
      "r.conf.d/3.ignore": "nonsense",
    }, async (at) => {
      const find = hostsFrom({ files: [at("r.conf")] });
      assert.deepEqual(await find({ registry: "a.test", repository: "app" }), [
        { root: "two.test/v2", repository: "x/app" },
      ]);
      await rejects(
        find({ registry: "b.test", repository: "app" }),
        "denied",
        /^open b\.test\/app: .*r\.conf blocks "b\.test"$/,
      );
    }));
});

describe("a directory of hosts", () => {
  it("has what containerd reads, files beside it and a default", () =>
    withFiles({
      "certs.d/reg.test:5000/hosts.toml": `
server = "https://reg.test:5000"
[host."https://mirror.test"]
capabilities = ["pull"]
ca = "ca.pem"
client = [["me.pem", "me.key"]]
dial_timeout = "3s"
[host."https://mirror.test".header]
x-team = ["a", "b"]
`,
      "certs.d/reg.test:5000/ca.pem": "CA",
      "certs.d/reg.test:5000/me.pem": "ME",
      "certs.d/reg.test:5000/me.key": "KEY",
      "certs.d/other.test_5000_/x.crt": "X",
      "certs.d/_default/hosts.toml": 'server = "https://all.test"\n',
    }, async (at) => {
      const find = hostsFrom({ files: [at("certs.d")] });
      assert.deepEqual(await find({ registry: "reg.test:5000", repository: "app" }), [
        {
          root: "https://mirror.test/v2",
          capabilities: ["pull"],
          headers: { "x-team": "a, b" },
          namespace: "reg.test:5000",
          connection: { ca: ["CA"], cert: "ME", key: "KEY", timeout: 3000 },
        },
        { root: "https://reg.test:5000/v2", capabilities: ["pull", "resolve", "push", "referrers"] },
      ]);
      assert.deepEqual(await find({ registry: "other.test:5000" }), [
        { root: "other.test:5000/v2", connection: { ca: ["X"] } },
      ]);
      assert.equal((await find({ registry: "any.test" }))![0]!.root, "https://all.test/v2");
    }));

  it("has what Docker reads: certificates for each host, for mirrors too", () =>
    withFiles({
      "certs.d/reg.test/one.crt": "ONE",
      "certs.d/reg.test/two.crt": "TWO",
      "certs.d/reg.test/client.cert": "ME",
      "certs.d/reg.test/client.key": "KEY",
      "certs.d/mirror.test/ca.crt": "MIRROR",
      "certs.d/broken.test/client.cert": "ME",
      "hosts.json": { hosts: { "b.test": { mirrors: ["https://mirror.test"] } } },
    }, async (at) => {
      const find = hostsFrom({ files: [at("hosts.json")], certificates: [at("nowhere"), at("certs.d")] });
      assert.deepEqual(await find({ registry: "reg.test" }), [
        { root: "reg.test/v2", connection: { ca: ["ONE", "TWO"], cert: "ME", key: "KEY" } },
      ]);
      const [mirror, own] = (await find({ registry: "b.test" }))!;
      assert.deepEqual(mirror!.connection, { ca: ["MIRROR"] });
      assert.equal(own!.connection, undefined);
      assert.equal(await find({ registry: "c.test" }), undefined);
      await rejects(
        find({ registry: "broken.test" }),
        "not-found",
        /client\.cert has no client\.key beside it$/,
      );
    }));
});
