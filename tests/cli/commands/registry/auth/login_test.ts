import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { copy } from "../../../../../src/copy/mod.ts";
import { imageOf, printed, start, withRegistry } from "../../../gantry.ts";
import { listen } from "../../../../../src/server/node.ts";
import { me, withGuardedRegistry } from "./support.ts";

let redirect = "";

describe("gantry auth login", () => {
  it("lets all commands in, until gantry auth logout", () =>
    withGuardedRegistry(async ({ directory, gantry, host, repository, run }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const config = join(directory, "docker/config.json");
      const refused = await gantry("ls", `${host}/app`);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        new RegExp(`^Error: list the tags of ${host}/app: 401 .*no credentials for ${host}`),
      );

      const args = ["auth", "login", host, "-u", me.username];
      const login = await run([...args, "--password-stdin"], { input: `${me.password}\n` });
      assert.deepEqual([login.code, login.stdout, login.stderr], [0, "", `logged in via ${config}\n`]);
      assert.equal((await stat(config)).mode & 0o777, 0o600);
      assert.equal(printed(await gantry("ls", `${host}/app`)), "v1\n");
      assert.equal(printed(await gantry("catalog", host)), "app\n");

      const logout = await gantry("auth", "logout", host);
      assert.deepEqual([logout.code, logout.stdout, logout.stderr], [0, "", `logged out via ${config}\n`]);
      assert.equal((await gantry("ls", `${host}/app`)).code, 1);
    }));

  it("stores nothing that the registry does not take", () =>
    withGuardedRegistry(async ({ directory, gantry, host }) => {
      const cases: [args: string[], says: RegExp][] = [
        [
          [host, "-u", "me", "-p", "hunter2"],
          new RegExp(`^Error: log in to ${host}: 401 UNAUTHORIZED: log in$`, "m"),
        ],
        [[host, "-u", "me"], /401/],
        [[host], /^Error: log in to .*: username and password required/],
        [["UPPER/x:y", "-u", "me", "-p", "hunter2"], /^Error: log in to "UPPER\/x:y": it is no registry$/m],
        [["127.0.0.1:1", "-u", "me", "-p", "hunter2"], /^Error: log in to 127\.0\.0\.1:1: no answer/],
      ];
      for (const [args, says] of cases) {
        const { code, stdout, stderr } = await gantry("auth", "login", ...args);
        assert.deepEqual([code, stdout], [1, ""], args.join(" "));
        assert.match(stderr, says);
        assert.doesNotMatch(stderr, /hunter2/);
        assert.equal(stderr.split("\n").length, 2);
      }
      assert.ok(!existsSync(join(directory, "docker")));
    }));

  it("shows the password to the registry alone, and not to where it redirects", () =>
    withRegistry(async ({ directory, host, log }) => {
      const seen: (string | null)[] = [];
      const other = await listen((request) => {
        seen.push(request.headers.get("authorization"));
        return Promise.resolve(new Response("{}", { status: 401, headers: { "www-authenticate": "Basic" } }));
      });
      try {
        redirect = new URL("/v2/", other.url).href;
        const args = ["auth", "login", host, "-u", "me", "-p", "hunter2"];
        const { code, stderr } = await start(args, { directory }).ended;
        assert.equal(code, 1);
        assert.match(stderr, /^Error: log in to .*: 401/);
        assert.ok(log.length > 0 && seen.length > 0);
        assert.ok(seen.every((header) => header === null), seen.join());
        assert.ok(!existsSync(join(directory, "docker")));
      } finally {
        await other.close();
      }
    }, () => Promise.resolve(new Response(null, { status: 307, headers: { location: redirect } }))));

  it("hands the secret to the helper that the config names", () =>
    withGuardedRegistry(async ({ directory, gantry, host, repository, run }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      await mkdir(join(directory, "docker"));
      await writeFile(join(directory, "docker/config.json"), '{"credsStore":"file"}');
      const script = `#!/bin/sh
file='${directory}/kept'
case $1 in store) cat > "$file";; erase) rm "$file";; get) cat "$file" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; };; esac`;
      await writeFile(join(directory, "docker-credential-file"), script);
      await chmod(join(directory, "docker-credential-file"), 0o755);
      const env = { PATH: `${directory}:${process.env["PATH"]}` };
      const login = await run(["auth", "login", host, "-u", me.username, "-p", me.password], { env });
      assert.deepEqual([login.code, login.stderr], [0, "logged in via docker-credential-file\n"]);
      const config = JSON.parse(await readFile(join(directory, "docker/config.json"), "utf8"));
      assert.deepEqual(config, { credsStore: "file", auths: { [host]: {} } });
      assert.equal(printed(await run(["ls", `${host}/app`], { env })), "v1\n");
      const { code, stderr } = await gantry("ls", `${host}/app`);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^Error: list the tags of .*: 401 .*; get credentials for .* there is no docker-credential-file in PATH$/m,
      );
    }));
});
