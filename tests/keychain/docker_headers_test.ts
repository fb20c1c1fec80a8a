import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dockerHeaders } from "../../src/keychain/docker_headers.ts";
import { rejects } from "../../src/testing/errors.ts";
import { inHome } from "./support.ts";

describe("the HttpHeaders of Docker's config", () => {
  it("are all but the User-Agent", () =>
    inHome(async ({ env, write }) => {
      assert.deepEqual(await dockerHeaders({ env }), {});
      const HttpHeaders = { "X-Meta-Team": "é 1", "user-agent": "x", "User-Agent": "y" };
      await write(".docker/config.json", JSON.stringify({ HttpHeaders }));
      assert.deepEqual(await dockerHeaders({ env }), { "X-Meta-Team": "é 1" });
    }));

  it("that no request can have are an error that names the file and the header, not what is in it", () =>
    inHome(async ({ env, write }) => {
      for (
        const [name, value] of [["X Y", "hunter2"], ["X-A", "hunter2\r\nX-B: 1"], ["", "hunter2"], [
          "X-A",
          "hunter2→",
        ]]
      ) {
        await write(".docker/config.json", JSON.stringify({ HttpHeaders: { [name!]: value } }));
        await assert.rejects(dockerHeaders({ env }), (error: Error) => {
          assert.match(error.message, /^read HttpHeaders of ".*config\.json": /);
          assert.ok(error.message.includes(JSON.stringify(name)));
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        });
      }
      await write(".docker/config.json", '{"HttpHeaders":7}');
      await rejects(dockerHeaders({ env }), "invalid-document");
    }));
});
