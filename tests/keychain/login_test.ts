import assert from "node:assert/strict";
import { chmod, lstat, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { dockerConfig } from "../../src/keychain/docker_config.ts";
import { login, logout, parseServer } from "../../src/keychain/login.ts";
import { fails, rejects } from "../../src/testing/errors.ts";
import { asked, inHome, makeHelper } from "./support.ts";

const me = { username: "me", password: "p:ä" };

describe("a login", () => {
  it("is kept in Docker's config, which only its owner reads", () =>
    inHome(async ({ directory, env, read }) => {
      const path = join(directory, ".docker/config.json");
      assert.deepEqual(await login("quay.io", me, { env }), { path, helper: undefined });
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal((await stat(join(directory, ".docker"))).mode & 0o777, 0o700);
      assert.deepEqual(await readdir(join(directory, ".docker")), ["config.json"]);
      assert.deepEqual(await dockerConfig({ env })(asked("quay.io")), me);
      assert.deepEqual(await logout("quay.io", { env }), { path, helper: undefined });
      assert.equal(await read(".docker/config.json"), '{\n\t"auths": {}\n}');
    }));

  it("changes one entry, and takes a file's secrets from the eyes of others", () =>
    inHome(async ({ env, read, write }) => {
      const text =
        '{\n  "auths": {\n    "ghcr.io": {"auth": "QTpC"}\n  },\n  "psFormat": "table {{.ID}}",\n  "n": 1.50\n}\n';
      const path = await write(".docker/config.json", text);
      await chmod(path, 0o644);
      await login("quay.io", me, { env });
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      await logout("quay.io", { env });
      assert.equal(await read(".docker/config.json"), text);
    }));

  it("to Docker Hub is kept under Docker's key, and removed under all of them", () =>
    inHome(async ({ env, read, write }) => {
      for (
        const name of ["docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io"]
      ) {
        await login(name, me, { env });
        assert.deepEqual(Object.keys(JSON.parse(await read(".docker/config.json")).auths), [
          "https://index.docker.io/v1/",
        ]);
        assert.deepEqual(await dockerConfig({ env })(asked("docker.io")), me);
        await logout(name, { env });
      }
      const entry = { auth: "QTpC" };
      const auths = {
        "docker.io": entry,
        "https://index.docker.io/v1/": entry,
        "index.docker.io": entry,
        "docker.io/acme": entry,
        "quay.io": entry,
      };
      await write(".docker/config.json", JSON.stringify({ auths }));
      await logout("docker.io", { env });
      assert.equal(
        await read(".docker/config.json"),
        JSON.stringify({ auths: { "docker.io/acme": entry, "quay.io": entry } }),
      );
    }));

  it("may be for a part of a registry", () =>
    inHome(async ({ env, read }) => {
      await login("quay.io/acme", me, { env });
      assert.deepEqual(Object.keys(JSON.parse(await read(".docker/config.json")).auths), ["quay.io/acme"]);
      assert.deepEqual(await dockerConfig({ env })(asked("quay.io", "acme/app")), me);
      assert.equal(await dockerConfig({ env })(asked("quay.io", "other/app")), undefined);
      await logout("quay.io", { env });
      assert.deepEqual(await dockerConfig({ env })(asked("quay.io", "acme/app")), me);
      await logout("quay.io/acme", { env });
      assert.equal(await dockerConfig({ env })(asked("quay.io", "acme/app")), undefined);
    }));

  it("is kept by the helper that the config names, and not in the file", () =>
    inHome(async (home) => {
      const { env, read, write } = home;
      await makeHelper(home, "mine");
      const auths = { "quay.io": { auth: "QTpC", email: "me@example.com" } };
      for (
        const named of [{ credsStore: "mine" }, { credHelpers: { "quay.io": "mine" }, credsStore: "other" }]
      ) {
        await write(".docker/config.json", JSON.stringify({ auths, ...named }));
        assert.equal((await login("quay.io", me, { env })).helper, "mine");
        assert.deepEqual(JSON.parse(await read(".docker/config.json")), {
          auths: { "quay.io": { email: "me@example.com" } },
          ...named,
        });
        assert.deepEqual(await dockerConfig({ env })(asked("quay.io")), me);
        await logout("quay.io", { env });
        assert.deepEqual(JSON.parse(await read(".docker/config.json")), { auths: {}, ...named });
        assert.equal(await dockerConfig({ env })(asked("quay.io")), undefined);
      }
    }));

  it("leaves the file alone where the helper or the disk fails", () =>
    inHome(async ({ directory, env, program, read, write }) => {
      const text = '{"credsStore":"bad"}';
      await write(".docker/config.json", text);
      await program("docker-credential-bad", "echo 'the keyring is locked'; exit 1");
      await rejects(
        login("quay.io", me, { env }),
        "unavailable",
        /^store credentials for quay\.io with docker-credential-bad: .*locked$/,
      );
      await rejects(logout("quay.io", { env }), "unavailable");
      assert.equal(await read(".docker/config.json"), text);
      await write(".docker/config.json", "{");
      await rejects(login("quay.io", me, { env }), "invalid-document", /config\.json/);
      assert.equal(await read(".docker/config.json"), "{");
      await writeFile(join(directory, "file"), "");
      const DOCKER_CONFIG = join(directory, "file/docker");
      await rejects(login("quay.io", me, { env: { ...env, DOCKER_CONFIG } }), "storage", /file\/docker/);
    }));

  it("follows links to the file, and keeps them", () =>
    inHome(async ({ directory, env, read, write }) => {
      await mkdir(join(directory, ".docker"));
      await mkdir(join(directory, "dotfiles"));
      await symlink("../dotfiles/docker.json", join(directory, ".docker/config.json"));
      await login("quay.io", me, { env });
      assert.ok((await lstat(join(directory, ".docker/config.json"))).isSymbolicLink());
      assert.match(await read("dotfiles/docker.json"), /quay\.io/);
      await write("dotfiles/docker.json", "{}");
      await login("quay.io", me, { env });
      assert.ok((await lstat(join(directory, ".docker/config.json"))).isSymbolicLink());
      assert.match(await read("dotfiles/docker.json"), /quay\.io/);
    }));

  it("of many at the same time keeps all of them", () =>
    inHome(async ({ directory, env, read }) => {
      const servers = Array.from({ length: 12 }, (_, i) => `r${i}.test`);
      await Promise.all(servers.map((server) => login(server, me, { env })));
      assert.deepEqual(
        Object.keys(JSON.parse(await read(".docker/config.json")).auths).sort(),
        [...servers].sort(),
      );
      await Promise.all(servers.slice(2).map((server) => logout(server, { env })));
      assert.deepEqual(Object.keys(JSON.parse(await read(".docker/config.json")).auths).sort(), [
        "r0.test",
        "r1.test",
      ]);
      assert.deepEqual(await readdir(join(directory, ".docker")), ["config.json"]);
    }));

  it("is to a registry, and nothing else", () =>
    inHome(async ({ directory, env }) => {
      assert.deepEqual(parseServer("https://quay.io/v2/"), { registry: "quay.io", repository: undefined });
      assert.deepEqual(parseServer("localhost:5000/a/b"), { registry: "localhost:5000", repository: "a/b" });
      for (const bad of ["", "a b", "quay.io/A", "https://", "-x", "quay.io/../x", "quay.io:v1:x"]) {
        assert.throws(() => parseServer(bad), fails("invalid-name", /no registry/), bad);
        await rejects(login(bad, me, { env }), "invalid-name");
      }
      assert.deepEqual(await readdir(directory), []);
    }));

  it("that was never there is none to log out of", () =>
    inHome(async ({ directory, env }) => {
      await logout("quay.io", { env });
      assert.deepEqual(await readdir(directory), []);
    }));
});
