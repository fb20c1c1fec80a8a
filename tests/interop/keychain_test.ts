/** What others' logins wrote is used by us, and ours by them, with Docker's registry that wants a name and a password. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { copy } from "../../src/copy/mod.ts";
import { registries } from "../../src/registry/mod.ts";
import { imageOf, printed, type Ran, start, withRegistry } from "../cli/gantry.ts";
import { scriptCommand } from "../support/spawn.ts";
import { type DockerRegistry, login, needsDockerRegistry, startDockerRegistry } from "./docker_registry.ts";
import { needs } from "./server_peers.ts";

/** Where one user's programs keep what they keep, and nobody else's. */
interface Home {
  directory: string;
  env: Record<string, string>;
  /** Runs a program with something on its standard input. */
  run(args: string[], input?: string): Promise<Ran>;
  gantry(args: string[], input?: string): Promise<Ran>;
}

/** How a program logs in, reads something that only the logged in may read, and logs out. */
interface Peer {
  login(host: string): string[];
  logout(host: string): string[];
  read(host: string): string[];
  /** What has to be done first, such as to say that the registry has no TLS. */
  before?(host: string): string[];
  /** Whether it leaves its login where only it finds it. */
  own?: true;
}

const user = ["-u", login.username];
const podman = ["podman", "--root", "podman/root", "--runroot", "podman/run", "--storage-driver", "vfs"];
const peers: Record<string, Peer> = {
  docker: {
    login: (host) => ["docker", "login", ...user, "--password-stdin", host],
    logout: (host) => ["docker", "logout", host],
    read: (host) => ["docker", "manifest", "inspect", "--insecure", `${host}/app:v1`],
  },
  podman: {
    login: (host) => [...podman, "login", "--tls-verify=false", ...user, "--password-stdin", host],
    logout: (host) => [...podman, "logout", host],
    read: (host) => [...podman, "search", "--tls-verify=false", "--list-tags", `${host}/app`],
    own: true,
  },
  skopeo: {
    login: (host) => ["skopeo", "login", "--tls-verify=false", ...user, "--password-stdin", host],
    logout: (host) => ["skopeo", "logout", host],
    read: (host) => ["skopeo", "inspect", "--tls-verify=false", "--raw", `docker://${host}/app:v1`],
    own: true,
  },
  oras: {
    login: (host) => ["oras", "login", "--plain-http", ...user, "--password-stdin", host],
    logout: (host) => ["oras", "logout", host],
    read: (host) => ["oras", "manifest", "fetch", "--plain-http", `${host}/app:v1`],
  },
  crane: {
    login: (host) => ["crane", "auth", "login", ...user, "--password-stdin", host],
    logout: (host) => ["crane", "auth", "logout", host],
    read: (host) => ["crane", "manifest", `${host}/app:v1`],
  },
  regctl: {
    before: (host) => ["regctl", "registry", "set", host, "--tls", "disabled", "--skip-check"],
    login: (host) => ["regctl", "registry", "login", ...user, "--pass-stdin", host],
    logout: (host) => ["regctl", "registry", "logout", host],
    read: (host) => ["regctl", "manifest", "get", "--format", "raw-body", `${host}/app:v1`],
    own: true,
  },
};

function execute(
  [program, ...args]: string[],
  cwd: string,
  env: Record<string, string>,
  input: string,
): Promise<Ran> {
  const child = spawn(program!, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => stdout += chunk);
  child.stderr.on("data", (chunk) => stderr += chunk);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr, progress: [] }));
  });
}

async function inHome(work: (home: Home) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-keychain-"));
  await mkdir(join(directory, "run"), { mode: 0o700 });
  const env = {
    HOME: directory,
    PATH: `${directory}:${process.env["PATH"]}`,
    XDG_RUNTIME_DIR: join(directory, "run"),
    XDG_CONFIG_HOME: join(directory, ".config"),
    DOCKER_CONFIG: join(directory, ".docker"),
    // Without the engine, docker logs in by itself.
    DOCKER_HOST: "unix:///nonexistent",
  };
  // Deno finds its cache in the home of whoever runs the tests.
  const ours = {
    ...env,
    HOME: process.env["HOME"] ?? "",
    REGCTL_CONFIG: join(directory, ".regctl/config.json"),
  };
  try {
    await work({
      directory,
      env,
      run: (args, input = "") => execute(args, directory, env, input),
      gantry: (args, input = "") => start(args, { directory, env: ours, input }).ended,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Makes `docker-credential-tests`, which keeps secrets in a file for each server. */
async function makeHelper({ directory }: Home, config: string): Promise<void> {
  const script = `#!/bin/sh
mkdir -p '${directory}/kept'; cd '${directory}/kept'
input=$(cat)
file() { printf '%s' "$1" | tr '/:' '__'; }
case $1 in
  store) printf '%s' "$input" > "$(file "$(printf '%s' "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')")" ;;
  get) cat "$(file "$input")" 2> /dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) rm "$(file "$input")" 2> /dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
  list) echo '{}' ;;
esac
`;
  const path = join(directory, "docker-credential-tests");
  await writeFile(path, script);
  await chmod(path, 0o755);
  await mkdir(join(directory, ".docker"), { recursive: true });
  await writeFile(join(directory, ".docker/config.json"), config);
}

function succeeds({ code, stdout, stderr }: Ran, what: string): string {
  assert.equal(code, 0, `${what}: ${stdout}${stderr}`);
  return stdout;
}

describe("logins", needsDockerRegistry, () => {
  let running: DockerRegistry;
  before(async () => {
    running = await startDockerRegistry({ auth: "password" });
    const open = registries({ credentials: () => Promise.resolve(login) });
    await copy(imageOf("one"), open(`${running.host}/app`), { name: "v1" });
  });
  after(() => running.stop());

  const password = `${login.password}\n`;
  const ourLogin = (host: string) => ["auth", "login", ...user, "--password-stdin", host];

  for (const [name, peer] of Object.entries(peers)) {
    it(
      `of ${name} are used by gantry, until it logs out`,
      needs(name),
      () =>
        inHome(async ({ gantry, run }) => {
          const { host } = running;
          if (peer.before) succeeds(await run(peer.before(host)), name);
          assert.equal((await gantry(["digest", `${host}/app:v1`])).code, 1);
          succeeds(await run(peer.login(host), password), name);
          assert.match(printed(await gantry(["digest", `${host}/app:v1`])), /^sha256:/);
          assert.equal(
            printed(await gantry(["auth", "get", host])),
            '{"Username":"gantry","Secret":"secret"}\n',
          );
          if (peer.own) succeeds(await run(peer.logout(host)), name);
          else assert.equal((await gantry(["auth", "logout", host])).code, 0);
          assert.equal((await gantry(["digest", `${host}/app:v1`])).code, 1);
          if (!peer.own) assert.notEqual((await run(peer.read(host))).code, 0);
        }),
    );

    it(
      `of gantry are used by ${name}, until one of them logs out`,
      needs(name),
      () =>
        inHome(async ({ directory, gantry, run }) => {
          const { host } = running;
          if (peer.before) succeeds(await run(peer.before(host)), name);
          assert.notEqual((await run(peer.read(host))).code, 0);
          succeeds(await gantry(ourLogin(host), password), "gantry");
          assert.match(succeeds(await run(peer.read(host)), name), /manifest|v1/);
          if (peer.own) assert.equal((await gantry(["auth", "logout", host])).code, 0);
          else succeeds(await run(peer.logout(host)), name);
          assert.notEqual((await run(peer.read(host))).code, 0);
          assert.equal((await gantry(["digest", `${host}/app:v1`])).code, 1);
          const left = JSON.parse(await readFile(join(directory, ".docker/config.json"), "utf8"));
          assert.deepEqual(left["auths"] ?? {}, {});
        }),
    );

    it(`of gantry in a helper are used by ${name}`, needs(name), () =>
      inHome(async (home) => {
        const { directory, gantry, run } = home;
        const { host } = running;
        await makeHelper(home, JSON.stringify({ credHelpers: { [host]: "tests" } }));
        if (peer.before) succeeds(await run(peer.before(host)), name);
        const { stderr } = await gantry(ourLogin(host), password);
        assert.equal(stderr, "logged in via docker-credential-tests\n");
        assert.doesNotMatch(await readFile(join(directory, ".docker/config.json"), "utf8"), /"auth":/);
        assert.match(succeeds(await run(peer.read(host)), name), /manifest|v1/);
        assert.equal((await gantry(["auth", "logout", host])).code, 0);
        assert.notEqual((await run(peer.read(host))).code, 0);
      }));

    // The others leave their logins elsewhere.
    if (peer.own) continue;
    it(`of ${name} in a helper are used by gantry`, needs(name), () =>
      inHome(async (home) => {
        const { gantry, run } = home;
        const { host } = running;
        await makeHelper(home, JSON.stringify({ credsStore: "tests" }));
        succeeds(await run(peer.login(host), password), name);
        assert.match(printed(await gantry(["digest", `${host}/app:v1`])), /^sha256:/);
        succeeds(await run(peer.logout(host)), name);
        assert.equal((await gantry(["digest", `${host}/app:v1`])).code, 1);
      }));
  }

  it(
    "of podman for a part of a registry are used there, and only there",
    needs("podman"),
    () =>
      inHome(async ({ gantry, run }) => {
        const { host } = running;
        const open = registries({ credentials: () => Promise.resolve(login) });
        await copy(imageOf("one"), open(`${host}/acme/app`), { name: "v1" });
        succeeds(await run(peers["podman"]!.login(`${host}/acme`), password), "podman");
        assert.match(printed(await gantry(["digest", `${host}/acme/app:v1`])), /^sha256:/);
        assert.equal((await gantry(["digest", `${host}/app:v1`])).code, 1);
        assert.equal((await gantry(["catalog", host])).code, 1);
      }),
  );

  it("let crane have gantry for its helper", needs("crane"), () =>
    inHome(async (home) => {
      const { directory, env, run } = home;
      const { host } = running;
      const ours = { ...env, HOME: process.env["HOME"] ?? "", DOCKER_CONFIG: join(directory, "ours") };
      succeeds(await start(ourLogin(host), { directory, env: ours, input: password }).ended, "gantry");
      await makeHelper(home, JSON.stringify({ credsStore: "tests" }));
      const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
      const command = [...scriptCommand(), main, "auth", "get"].map((word) => `'${word}'`).join(" ");
      const script = `#!/bin/sh\nHOME='${ours.HOME}' DOCKER_CONFIG='${ours.DOCKER_CONFIG}' exec ${command}\n`;
      await writeFile(join(directory, "docker-credential-tests"), script);
      succeeds(await run(peers["crane"]!.read(host)), "crane");
      assert.notEqual((await run(["crane", "digest", "127.0.0.1:1/app:v1"])).code, 0);
    }));

  it("give the same tokens and answers as crane's", needs("crane"), () => {
    let host = "";
    return withRegistry((fixture) =>
      inHome(async ({ gantry, run }) => {
        host = fixture.host;
        const lines = [
          ["auth", "token", `${host}/a/b`],
          ["auth", "token", "-H", `${host}/a/b`],
          ["auth", "token", "-H", "--push", "-m", `${host}/c/d`, "--mount", `${host}/e`, `${host}/a/b`],
          ["auth", "token", "UPPER//x"],
          ["auth", "get", host],
          ["auth", "get", "a b"],
          ["auth", "login", host],
          ["auth", "logout", "nowhere.test"],
        ];
        for (const args of lines) {
          const [ours, theirs] = [await gantry(args), await run(["crane", ...args])];
          assert.equal(ours.stdout, theirs.stdout, args.join(" "));
          assert.equal(ours.code, theirs.code, `${args.join(" ")}: ${ours.stderr}${theirs.stderr}`);
        }
      }), (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/token") {
        const scopes = searchParams.getAll("scope").map((scope) => scope.split(/[:,]/).sort()).join("<&>");
        return Promise.resolve(
          Response.json({ token: scopes, expires_in: 300, issued_at: "2026-01-01T00:00:00Z" }),
        );
      }
      const headers = { "www-authenticate": `Bearer realm="http://${host}/token",service="tests"` };
      return Promise.resolve(new Response("{}", { status: 401, headers }));
    });
  });
});
