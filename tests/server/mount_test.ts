import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { memory } from "../../src/content/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { digestOf, pushBlob, refused, registryInMemory } from "./client.ts";

const digest = digestOf("layer");

function isUpload(response: Response) {
  assert.equal(response.status, 202);
  assert.match(response.headers.get("location")!, /^\/v2\/to\/blobs\/uploads\//);
}

describe("a mount", () => {
  it("takes over a blob of another repository", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "library/from", "layer");
    const response = await send("POST", `/v2/to/blobs/uploads/?mount=${digest}&from=library%2Ffrom`);
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("location"), `/v2/to/blobs/${digest}`);
    assert.equal(response.headers.get("docker-content-digest"), digest);
    assert.equal(await (await send("GET", `/v2/to/blobs/${digest}`)).text(), "layer");
  });

  it("becomes an upload when that one has it not", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "elsewhere", "layer");
    isUpload(await send("POST", `/v2/to/blobs/uploads/?mount=${digest}&from=from`));
    isUpload(await send("POST", `/v2/to/blobs/uploads/?mount=${digest}`));
    isUpload(await send("POST", `/v2/to/blobs/uploads/?mount=${digest}&from=..%2Fx`));
    assert.equal((await send("HEAD", `/v2/to/blobs/${digest}`)).status, 404);
  });

  it("that names no repository is served from one that everybody may read", async () => {
    const repositories = new Map([["from", memory()], ["to", memory()]]);
    const asked: string[] = [];
    const { handler, send } = registryInMemory({
      repositories: (name) => repositories.get(name)!,
      holder: (digest) => {
        asked.push(digest);
        return Promise.resolve("from");
      },
    });
    isUpload(await send("POST", `/v2/to/blobs/uploads/?mount=${digest}`));
    await pushBlob(handler, "from", "layer");
    assert.equal((await send("POST", `/v2/to/blobs/uploads/?mount=${digest}`)).status, 201);
    assert.deepEqual(asked, [digest, digest]);
  });

  it("becomes an upload where the client may not read", async () => {
    const to = memory();
    const { send } = registryInMemory({
      repositories: (name) => {
        if (name === "to") return to;
        throw new GantryError("denied", "no");
      },
    });
    isUpload(await send("POST", `/v2/to/blobs/uploads/?mount=${digest}&from=secret`));
  });

  it("does not spread bytes that have rotted", async () => {
    const from = memory();
    const to = memory();
    await from.write({
      mediaType: "application/octet-stream",
      replayable: true,
      open: () => Promise.resolve(new Blob(["layer"]).stream()),
    });
    from.open = () => Promise.resolve(new Blob(["rayel"]).stream());
    const { send } = registryInMemory({ repositories: (name) => name === "to" ? to : from });
    isUpload(await send("POST", `/v2/to/blobs/uploads/?mount=${digest}&from=from`));
    assert.equal((await send("HEAD", `/v2/to/blobs/${digest}`)).status, 404);
  });

  it("needs a valid digest", async () => {
    const { send } = registryInMemory();
    const path = "/v2/to/blobs/uploads/?from=from&mount=";
    await refused(await send("POST", `${path}sha256:../x`), 400, "DIGEST_INVALID");
    await refused(await send("POST", `${path}${digest}&mount=${digest}`), 400, "DIGEST_INVALID");
  });
});
