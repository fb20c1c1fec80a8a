import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { digestAt, imageOf, inYard, start } from "./gantry.ts";

const mebibyte = 1 << 20;

function largeImage(size: number) {
  return emptyImage().append(layer(new Uint8Array(randomBytes(size)), { compression: "none" }));
}

/** A promise and what fulfils it. */
function event(): { happened: Promise<void>; happen: () => void } {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => happen = resolve);
  return { happened, happen };
}

describe("gantry copy", () => {
  it("goes on where a killed one stopped", () => {
    const stuck = event();
    let pieces = 0;
    let hold = true;
    let received = 0;
    return inYard(async ({ directory, gantry, host, repository }) => {
      await copy(largeImage(22 * mebibyte), repository("from"), { name: "v1" });
      // Another host, as far as mounting goes.
      const to = host.replace("127.0.0.1", "localhost");
      const args = ["copy", `${host}/from:v1`, `${to}/to:v1`];
      const { child, ended } = start(args, { directory });
      await stuck.happened;
      child.kill("SIGKILL");
      assert.equal((await ended).code, null);
      assert.equal((await readdir(join(directory, "state/gantry/uploads"))).length > 0, true);
      hold = false;
      const before = received;
      assert.ok(before >= 10 * mebibyte, `${before}`);

      const again = await gantry(...args);
      assert.deepEqual({ ...again, stdout: "" }, { code: 0, stdout: "", stderr: "" });
      assert.equal(await digestAt(repository("to"), "v1"), await digestAt(repository("from"), "v1"));
      assert.ok(received - before < 13 * mebibyte, `${received - before} bytes were sent again`);
      assert.deepEqual(await readdir(join(directory, "state/gantry/uploads")), []);
    }, async (request, next) => {
      if (request.method !== "PATCH") return await next(request);
      const length = Number(request.headers.get("content-length"));
      if (length > mebibyte && ++pieces > 2 && hold) {
        stuck.happen();
        return await new Promise(() => {});
      }
      const response = await next(request);
      received += length;
      return response;
    });
  });

  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    it(`ends in one line when it gets ${signal}`, () => {
      const stuck = event();
      return inYard(async ({ directory, host, repository }) => {
        await copy(imageOf("one"), repository("from"), { name: "v1" });
        const { child, ended } = start(["pull", `${host}/from:v1`, "oci:out:v1"], { directory });
        await stuck.happened;
        process.kill(child.pid!, signal); // Deno's child.kill hides the exit code
        const ran = await ended;
        assert.deepEqual(ran, { code, stdout: "", stderr: `Error: ended by ${signal}\n` });
        await assert.rejects(layout(join(directory, "out")).resolve("v1"));
      }, async (request, next) => {
        if (!new URL(request.url).pathname.includes("/blobs/")) return await next(request);
        stuck.happen();
        return await new Promise(() => {});
      });
    });
  }

  it("copies the same blobs twice at once", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
      const image = largeImage(12 * mebibyte);
      await copy(image, repository("from"), { name: "v1" });
      await copy(image.configure({ cmd: ["two"] }), repository("from"), { name: "v2" });
      const to = host.replace("127.0.0.1", "localhost");
      const runs = await Promise.all(
        ["v1", "v2"].flatMap((tag) => [
          gantry("copy", `${host}/from:${tag}`, `${to}/to:${tag}`),
          gantry("copy", `${host}/from:${tag}`, `oci:images:${tag}`),
        ]),
      );
      for (const ran of runs) assert.deepEqual(ran, { code: 0, stdout: "", stderr: "" });
      for (const tag of ["v1", "v2"]) {
        const digest = await digestAt(repository("from"), tag);
        assert.equal(await digestAt(repository("to"), tag), digest);
        assert.equal(await digestAt(layout(join(directory, "images")), tag), digest);
      }
    }));

  it("tells of a registry that lies about a blob, and keeps nothing of it", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("from"), { name: "v1" });
      const { code, stderr } = await gantry("pull", `${host}/from:v1`, "oci:out:v1");
      assert.equal(code, 1);
      assert.match(stderr, /^Error: [^\n]*sha256:[0-9a-f]{64}[^\n]*\n$/);
      await assert.rejects(layout(join(directory, "out")).resolve("v1"));
      assert.ok(
        !existsSync(join(directory, "out/blobs/sha256")) ||
          !(await readdir(join(directory, "out/blobs/sha256"))).length,
      );
    }, async (request, next) => {
      const response = await next(request);
      if (request.method !== "GET" || !request.url.includes("/blobs/")) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[0]! ^= 1;
      return new Response(bytes, { status: response.status, headers: response.headers });
    }));
});
