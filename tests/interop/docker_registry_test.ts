import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Bytes, readAll } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { type Registries, registries } from "../../src/registry/mod.ts";
import { type DockerRegistry, login, needsDockerRegistry, startDockerRegistry } from "./docker_registry.ts";
import { plainContent } from "../../src/testing/content.ts";

describe("Docker's registry", needsDockerRegistry, () => {
  const large = Uint8Array.from({ length: (3 << 20) + 1 }, (_, i) => (i * 31) % 253);
  let running: DockerRegistry;
  let open: Registries;
  before(async () => {
    running = await startDockerRegistry({ auth: "password" });
    open = registries({ credentials: () => Promise.resolve(login) });
  });
  after(() => running.stop());

  const read = async (
    name: string,
    what: Parameters<ReturnType<Registries>["open"]>[0],
    options = {},
  ): Promise<Bytes> => await readAll(await open(name).open(what, options), { limit: 1e8, what: "blob" });

  it("takes a stream, and pieces, and gives them back whole or in ranges", async () => {
    const digest = await digestBytes(large);
    await open(`${running.host}/streamed`).write(plainContent(large, { digest }));
    const pieces = registries({ credentials: () => Promise.resolve(login), pieceSize: 1 << 20 });
    await pieces(`${running.host}/pieces`).write(plainContent(large, { digest, size: undefined }));
    for (const name of ["streamed", "pieces"]) {
      assert.ok(Buffer.from(await read(`${running.host}/${name}`, { digest })).equals(large));
      const range = await read(`${running.host}/${name}`, { digest }, { start: 1_000_000, end: 1_000_010 });
      assert.deepEqual(range, large.slice(1_000_000, 1_000_010));
    }
  });

  it("mounts from one repository to another", async () => {
    const { descriptor } = await open(`${running.host}/from`).write(plainContent(large.slice(0, 1000)));
    const content = plainContent(large, { ...descriptor, open: () => assert.fail("it was opened") });
    const origins = open(`${running.host}/from`).origins(descriptor);
    const { how } = await open(`${running.host}/to`).write(content, { origins });
    assert.equal(how, "mounted");
    assert.equal((await read(`${running.host}/to`, descriptor)).byteLength, 1000);
  });

  it("lists its repositories", async () => {
    await open(`${running.host}/listed/deep`).write(plainContent(large.slice(0, 10)));
    const names: string[] = [];
    for await (const name of open.catalog(running.host)) names.push(name);
    assert.ok(names.includes("listed/deep"));
  });

  it("refuses a wrong password, and none", async () => {
    for (const credentials of [{ ...login, password: "wrong" }, undefined]) {
      const app = registries({ credentials: () => Promise.resolve(credentials) })(`${running.host}/x`);
      await assert.rejects(app.resolve("v1"), (error: Error) => {
        assert.ok(GantryError.is(error, "unauthorized"), String(error));
        assert.doesNotMatch(error.message, /wrong/);
        return true;
      });
    }
  });
});
