import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { copy } from "../../../src/copy/mod.ts";
import { imageOf, printed, start, withRegistry } from "../gantry.ts";

describe("the command's keychain", () => {
  it("sends the HttpHeaders of Docker's config to registries", () => {
    const headers: (string | null)[] = [];
    return withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      await mkdir(join(directory, "docker"));
      await writeFile(
        join(directory, "docker/config.json"),
        '{"HttpHeaders":{"X-Meta":"team","User-Agent":"x"}}',
      );
      assert.equal(printed(await gantry("ls", `${host}/app`)), "v1\n");
      assert.deepEqual(headers, ["team gantry"]);
    }, (request, next) => {
      headers.push(`${request.headers.get("x-meta")} ${request.headers.get("user-agent")!.split("/")[0]}`);
      return next(request);
    });
  });

  it("does without what it cannot read or run where nobody asks for it, and says so", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const config = join(directory, "docker/config.json");
      await mkdir(join(directory, "docker"));
      await writeFile(config, '{"auths":');
      const { code, stdout, stderr } = await gantry("ls", `${host}/app`);
      assert.deepEqual([code, stdout], [0, "v1\n"]);
      assert.equal(stderr, `Warning: parse ${JSON.stringify(config)}: unexpected end at character 9\n`);
      // Nobody looks for the entry of a registry that asks for no login.
      await writeFile(config, JSON.stringify({ auths: { [host]: { auth: "?" } }, credsStore: "missing" }));
      assert.equal(printed(await gantry("ls", `${host}/app`)), "v1\n");
    }));

  it("logs in anonymously where a helper fails, and tells of the helper where that is refused", () => {
    let open = true;
    return withRegistry(async ({ directory, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      await mkdir(join(directory, "docker"));
      await writeFile(join(directory, "docker/config.json"), '{"credsStore":"locked"}');
      const helper = join(directory, "docker-credential-locked");
      await writeFile(helper, "#!/bin/sh\necho 'the keyring is locked'\nexit 1\n");
      await chmod(helper, 0o755);
      const env = { PATH: `${directory}:${process.env["PATH"]}` };
      const problem =
        `get credentials for ${host} from docker-credential-locked: it ended with 1: the keyring is locked`;
      const read = await start(["ls", `${host}/app`], { directory, env }).ended;
      assert.deepEqual([read.code, read.stdout, read.stderr], [0, "v1\n", `Warning: ${problem}\n`]);
      open = false;
      const refused = await start(["ls", `${host}/app`], { directory, env }).ended;
      assert.deepEqual([refused.code, refused.stdout], [1, ""]);
      assert.match(refused.stderr, /^Error: log in to .*: 401.*\n$/);
      assert.ok(refused.stderr.endsWith(`; ${problem}\n`), refused.stderr);
    }, (request, next) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/token") {
        return Promise.resolve(open ? Response.json({ token: "t" }) : new Response("", { status: 401 }));
      }
      if (request.headers.get("authorization") === "Bearer t") return next(request);
      const headers = { "www-authenticate": 'Bearer realm="/token"' };
      return Promise.resolve(new Response("{}", { status: 401, headers }));
    });
  });

  it("takes podman's file too", () =>
    withRegistry(async ({ directory, host, repository }) => {
      await copy(imageOf("one"), repository("acme/app"), { name: "v1" });
      const REGISTRY_AUTH_FILE = join(directory, "auth.json");
      await writeFile(
        REGISTRY_AUTH_FILE,
        JSON.stringify({
          auths: { [`${host}/acme`]: { auth: Buffer.from("me:secret").toString("base64") } },
        }),
      );
      const { ended } = start(["ls", `${host}/acme/app`], { directory, env: { REGISTRY_AUTH_FILE } });
      assert.equal(printed(await ended), "v1\n");
    }, (request, next) =>
      request.headers.get("authorization") === `Basic ${btoa("me:secret")}`
        ? next(request)
        : Promise.resolve(new Response("{}", { status: 401, headers: { "www-authenticate": "Basic" } }))));
});
