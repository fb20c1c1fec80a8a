import assert from "node:assert/strict";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { bcrypt } from "hash-wasm";
import { memory } from "../../../../src/content/mod.ts";
import { copy } from "../../../../src/copy/mod.ts";
import { layouts } from "../../../../src/layout/mod.ts";
import { store } from "../../../../src/store/mod.ts";
import { openImage, openRoot, randomIndex } from "../../../../src/image/mod.ts";
import { registries } from "../../../../src/registry/mod.ts";
import { server } from "../../../../src/server/mod.ts";
import { listen } from "../../../../src/server/node.ts";
import { digestAt, imageOf, start } from "../../gantry.ts";
import { inDirectory } from "../../../support/directory.ts";
import { portOf } from "../../../support/serving.ts";

/** Serves while `work` runs, and gives what the command said. */
async function serving(
  args: string[],
  directory: string,
  work: (host: string, said: () => string) => Promise<void>,
  env: Record<string, string> = {},
): Promise<string> {
  const { child, ended } = start(["registry", "serve", ...args], { directory, env });
  let said = "";
  child.stderr!.on("data", (chunk: Uint8Array) => said += new TextDecoder().decode(chunk));
  const port = await portOf(child);
  try {
    await work(`127.0.0.1:${port}`, () => said);
  } finally {
    process.kill(child.pid!, "SIGTERM"); // Deno's child.kill hides the exit code
  }
  const { code, stdout, stderr } = await ended;
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "" }, stderr);
  return stderr;
}

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const name of names) found.push(name);
  return found;
}

/** How many bytes of unfinished uploads there are. */
async function sizeOfUploads(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true });
  const sizes = names.filter((name) => name.endsWith("data")).map(async (name) =>
    (await stat(join(directory, name))).size
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

describe("gantry registry serve", () => {
  it("keeps images in one place only, which has to be one", () =>
    inDirectory(async (directory) => {
      const cases = {
        "--disk images --s3 s3://images": /not both/,
        "--s3 images": /not s3:\/\/BUCKET or s3:\/\/BUCKET\/PREFIX/,
        "--s3 s3://images --endpoint localhost": /"localhost" is no address/,
        "--s3 s3://images --blob-grace 1h": /a number of seconds/,
      };
      for (const [args, words] of Object.entries(cases)) {
        const { code, stderr } = await start(["registry", "serve", ...args.split(" ")], { directory }).ended;
        assert.equal(code, 1);
        assert.match(stderr.trim(), words);
      }
    }));

  it("keeps images in memory", () =>
    inDirectory(async (directory) => {
      const said = await serving([], directory, async (host) => {
        const open = registries();
        assert.deepEqual(await all(open.catalog(host)), []);
        await copy(imageOf("one"), open(`${host}/some/app`), { name: "v1" });
        await assert.rejects(open(`${host}/other`).resolve("v1"));
        assert.deepEqual(await all(open.catalog(host)), ["some/app"]);
        assert.deepEqual(await all(open(`${host}/some/app`).names()), ["v1"]);
      });
      assert.match(said, /^serving on port \d+\n$/);
    }));

  it("keeps images on disk between runs, and listens where it is told", () =>
    inDirectory(async (directory) => {
      const image = imageOf("one");
      await copy(image, memory());
      const digest = await image.digest();
      await serving(["--disk", "images", "--address", "127.0.0.1:0"], directory, async (host) => {
        await copy(image, registries()(`${host}/some/app`), { name: "v1" });
      });
      const said = await serving(["--disk=images"], directory, async (host) => {
        assert.equal(await digestAt(registries()(`${host}/some/app`), "v1"), digest);
        assert.deepEqual(await all(registries().catalog(host)), ["some/app"]);
      }, { PORT: "0" });
      assert.match(said, /^storing images in images\nserving on port \d+\n$/);
    }));

  it("takes over a directory that an older version wrote", () =>
    inDirectory(async (directory) => {
      const old = layouts(join(directory, "images"));
      const [one, two, index] = [imageOf("one"), imageOf("two"), randomIndex({ seed: 1, images: 2 })];
      await copy(one, old("some/app"), { name: "v1" });
      await old("some/app").tag("v2", (await old("some/app").resolve("v1")).descriptor);
      await copy(two, old("some/app")); // without a tag
      await copy(index, old("other"), { name: "all" });
      // As if one that did this had been killed.
      await using begun = store(join(directory, "images"));
      await copy(one, begun.linked("some/app"), { name: "v1" });
      const said = await serving(["--disk", "images"], directory, async (host) => {
        const [app, other] = [registries()(`${host}/some/app`), registries()(`${host}/other`)];
        assert.deepEqual(await all(registries().catalog(host)), ["other", "some/app"]);
        assert.deepEqual(await all(app.names()), ["v1", "v2"]);
        for (const tag of ["v1", "v2"]) assert.equal(await digestAt(app, tag), await one.digest());
        assert.equal(await digestAt(app, await two.digest()), await two.digest());
        assert.equal(await digestAt(other, "all"), await index.digest());
        await copy(await openRoot(other, "all"), memory()); // with all that it names
        await assert.rejects(other.resolve(await one.digest()), { code: "not-found" });
      });
      assert.match(said, /^took over the images in images$/m);
      const again = await serving(["--disk", "images"], directory, async (host) => {
        assert.deepEqual(await all(registries()(`${host}/some/app`).names()), ["v1", "v2"]);
      });
      assert.doesNotMatch(again, /took over/);
    }));

  it("says what of an older directory cannot be read, and takes the rest", () =>
    inDirectory(async (directory) => {
      const old = layouts(join(directory, "images"));
      await copy(imageOf("one"), old("app"), { name: "whole" });
      await copy(imageOf("two"), old("app"), { name: "broken" });
      const digest = await imageOf("two").digest();
      await writeFile(join(directory, "images", "blobs", "sha256", digest.slice(7)), "{}");
      const said = await serving(["--disk", "images"], directory, async (host) => {
        assert.deepEqual(await all(registries()(`${host}/app`).names()), ["whole"]);
      });
      assert.match(said, new RegExp(`^left behind: app@${digest}: `, "m"));
      assert.ok((await readdir(join(directory, "images"))).includes("repositories.old"));
    }));

  it("forgets old uploads (E24)", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "registry.json"), JSON.stringify({ disk: "images", uploadExpiry: 0 }));
      let upload = "";
      await serving(["--disk", "images"], directory, async (host) => {
        const begun = await fetch(`http://${host}/v2/app/blobs/uploads/`, { method: "POST" });
        upload = begun.headers.get("location")!;
        const path = `http://${host}${upload}`;
        await (await fetch(path, { method: "PATCH", body: "some bytes" })).body?.cancel();
        assert.equal((await fetch(path)).status, 204);
      });
      await serving(["--config", "registry.json"], directory, async (host) => {
        const { status, body } = await fetch(`http://${host}${upload}`);
        await body?.cancel();
        assert.equal(status, 404);
      });
    }));

  it("asks who is there, tells of what happens, and serves its numbers elsewhere", () =>
    inDirectory(async (directory) => {
      const hash = await bcrypt({
        password: "secret",
        salt: new Uint8Array(16),
        costFactor: 4,
        outputType: "encoded",
      });
      await writeFile(join(directory, "users"), `ci:${hash}\n`);
      const events: string[] = [];
      const hook = await listen(async (request) => {
        for (const { action, target } of (await request.json()).events) {
          events.push(`${action} ${target.tag ?? ""}`);
        }
        return new Response();
      });
      const config = {
        htpasswd: "users",
        rules: [{ actions: ["pull"] }, { users: ["ci"], actions: ["push"] }],
        immutableTags: ["v*"],
        webhooks: [{ url: hook.url }],
        admin: "127.0.0.1:0",
      };
      await writeFile(join(directory, "registry.json"), JSON.stringify(config));
      const checked = start(["registry", "check-config", "registry.json"], { directory });
      assert.equal((await checked.ended).stdout, "registry.json is right\n");
      let admin = "";
      await serving(["--config", "registry.json"], directory, async (host, said) => {
        const credentials = () => Promise.resolve({ username: "ci", password: "secret" });
        const [nobody, ci] = [registries()(`${host}/app`), registries({ credentials })(`${host}/app`)];
        await assert.rejects(copy(imageOf("one"), nobody, { name: "v1" }), { code: "unauthorized" });
        await copy(imageOf("one"), ci, { name: "v1" });
        await assert.rejects(copy(imageOf("two"), ci, { name: "v1" }), { code: "denied" });
        assert.equal(await digestAt(nobody, "v1"), await imageOf("one").digest());
        admin = `http://127.0.0.1:${/^serving metrics on port (\d+)$/m.exec(said())![1]}`;
        assert.equal(await (await fetch(`${admin}/healthz`)).text(), "ok\n");
        assert.equal((await fetch(`${admin}/readyz`)).status, 200);
        assert.equal((await fetch(`${admin}/v2/`)).status, 404);
        const numbers = await (await fetch(`${admin}/metrics`)).text();
        assert.match(numbers, /gantry_http_requests_total\{method="PUT",route="manifest",status="201"\} 1/);
        while (!events.includes("push v1")) await new Promise((resolve) => setTimeout(resolve, 10));
      });
      await hook.close();
      await writeFile(join(directory, "registry.json"), '{"rules":1}');
      const refused = await start(["registry", "serve", "--config", "registry.json"], { directory }).ended;
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /registry\.json": config\.rules is not a list\n$/);
    }));

  it("lets an upload that is under way end when it is told to", () =>
    inDirectory(async (directory) => {
      let answered: Promise<Response> | undefined;
      let finish = () => {};
      await serving(["--disk", "images"], directory, async (host) => {
        const { headers } = await fetch(`http://${host}/v2/app/blobs/uploads/`, { method: "POST" });
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(new Uint8Array(600_000));
            finish = () => {
              controller.enqueue(new Uint8Array([4, 5]));
              controller.close();
            };
          },
        });
        const init: RequestInit & { duplex: "half" } = { method: "PATCH", body, duplex: "half" };
        answered = fetch(new URL(headers.get("location")!, `http://${host}`), init);
        // It has begun once some of its bytes are on the disk.
        while (await sizeOfUploads(join(directory, "images")) === 0) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        setTimeout(() => finish(), 300);
      });
      assert.equal((await answered!).status, 202);
      assert.equal((await answered!).headers.get("range"), "0-600001");
    }));

  it("bounds what clients do and what repositories hold, and removes what is no longer wanted", () =>
    inDirectory(async (directory) => {
      const config = {
        disk: "images",
        trustedProxies: ["127.0.0.1"],
        limits: { address: { requests: 0.001, burst: 100 }, repository: { openUploads: 2 } },
        quotas: [{ repositories: "small", bytes: 10 }],
        retention: [{ repositories: "nightly", keepLast: 1 }],
        gcInterval: 0.05,
      };
      await writeFile(join(directory, "registry.json"), JSON.stringify(config));
      await serving(["--config", "registry.json"], directory, async (host, said) => {
        const ask = async (client: string, method: string, path: string) => {
          const headers = { "x-forwarded-for": client };
          const response = await fetch(`http://${host}/v2/${path}`, { method, headers });
          return { status: response.status, body: await response.text(), headers: response.headers };
        };
        for (let i = 0; i < 100; i++) assert.equal((await ask("192.0.2.1", "GET", "")).status, 200);
        assert.equal((await ask("192.0.2.1", "GET", "")).status, 429);
        assert.equal((await ask("192.0.2.2", "GET", "")).status, 200);
        for (const status of [202, 202, 429]) {
          assert.equal((await ask("192.0.2.2", "POST", "app/blobs/uploads/")).status, status);
        }
        const small = registries()(`${host}/small`);
        await assert.rejects(
          copy(imageOf("one"), small, { name: "v1" }),
          (error: Error) => /denied/i.test(error.message) && /small has \d+ of 10 bytes/.test(error.message),
        );
        const nightly = registries()(`${host}/nightly`);
        for (const tag of ["n1", "n2"]) await copy(imageOf("one"), nightly, { name: tag });
        const told = /^collected garbage: (.*)$/m;
        while (!told.test(said())) await new Promise((resolve) => setTimeout(resolve, 20));
        assert.equal(told.exec(said())?.[1], "1 tags and manifests, 0 blobs of 0 bytes");
        assert.deepEqual(await all(nightly.names()), ["n2"]);
      });
    }));

  it("is a mirror of other registries, also when they are gone", () =>
    inDirectory(async (directory) => {
      const origin = memory();
      const { descriptor: { digest } } = await copy(imageOf("one"), origin, { name: "v1" });
      const upstream = await listen(server({ repositories: () => origin }));
      const registry = upstream.url.replace("http://", "");
      const config = { disk: "images", upstreams: [{ registry, prefix: "up", fresh: 0 }] };
      await writeFile(join(directory, "registry.json"), JSON.stringify(config));
      await serving(["--config", "registry.json"], directory, async (host) => {
        const pull = async () => {
          const image = await openImage(registries()(`${host}/up/acme/app`), "v1");
          for (const layer of await image.layers()) for await (const _ of layer.entries());
          return await image.digest();
        };
        assert.equal(await pull(), digest);
        const asContainerd = await fetch(`http://${host}/v2/acme/app/manifests/v1?ns=${registry}`);
        assert.equal(asContainerd.headers.get("docker-content-digest"), digest);
        await upstream.close();
        assert.equal(await pull(), digest);
        await assert.rejects(copy(imageOf("two"), registries()(`${host}/up/acme/app`), { name: "v2" }));
        await copy(imageOf("two"), registries()(`${host}/own/app`), { name: "v2" });
      });
    }));
});
