/** Where uploads to registries as they are go on, and what mounts become. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Origin } from "../../src/content/contracts.ts";
import { rejects } from "../../src/testing/errors.ts";
import type { RawRequest } from "./raw_server.ts";
import { type Answer, as, me, type Script, scripted } from "./scripted.ts";
import { at, created, digest, gone, head, missing, post, put, ranges, small } from "./push_answers.ts";

describe("where an upload goes on, over a socket,", () => {
  it("is told in every form there is (C1)", async () => {
    const forms: [string, string][] = [
      ["https://reg.test/v2/u", "/v2/u"],
      ["/u", "/u"],
      ["../uploads/x", "/v2/app/blobs/uploads/x"],
      ["?u=1", "/v2/app/blobs/uploads/?u=1"],
      ["//reg.test/u", "/u"],
      ["reg.test/v2/app/u", "/v2/app/u"],
      ["https://reg.test:443/u", "/u"],
    ];
    for (const [location, url] of forms) {
      await scripted({ [head]: missing, [post]: at(location), [put(url)]: created }, async ({ app }) => {
        assert.equal((await app.write(small())).how, "written", location);
      });
    }
    await scripted({ [head]: missing, [post]: { status: 202 } }, async ({ app }) => {
      await rejects(app.write(small()), "invalid-document", /does not tell where/);
    });
  });

  it("keeps its query to the byte (C2, H8)", async () => {
    const query = "?_state=a%2Bb+c&x=%20y&z=%2f%7E~&sig=A/B=%3d&&empty";
    await scripted(
      { [head]: missing, [post]: at(`/u${query}`), [put(`/u${query}`)]: created },
      async ({ app }) => {
        await app.write(small());
      },
    );
  });

  it("may be another host, which sees no credentials and not the repository's name (C3)", async () => {
    const away = "https://storage.test/u?upload_id=1";
    const guarded = (answer: Answer) => ({ headers }: RawRequest) =>
      headers["authorization"] ? answer : { status: 401, headers: { "www-authenticate": "Basic" } };
    const script: Script = { [head]: guarded(missing), [post]: guarded(at(away)), [put(away)]: created };
    await scripted(script, async ({ app, requests }) => {
      await app.write(small());
      assert.equal(requests.at(-1)!.headers["authorization"], undefined);
    }, as(me));
    const token = "GET https://storage.test/t";
    const challenged: Script = {
      [head]: missing,
      [post]: at(away),
      [put(away)]: ({ headers }) =>
        headers["authorization"]
          ? created
          : { status: 401, headers: { "www-authenticate": 'Bearer realm="/t"' } },
      [token]: { body: '{"token":"t"}' },
    };
    await scripted(challenged, async ({ app, calls }) => {
      await app.write(small());
      assert.ok(calls().includes(token));
    }, { credentials: ({ registry }) => Promise.resolve(registry === "reg.test" ? me : undefined) });
    for (
      const location of [
        "https://127.0.0.1/u",
        "https://10.0.0.1/u",
        "https://169.254.169.254/u",
        "http://storage.test/u",
      ]
    ) {
      await scripted({ [head]: missing, [post]: at(location) }, async ({ app }) => {
        await rejects(app.write(small()), "denied");
      });
    }
  });

  it("is not without TLS only because a proxy forgot to say so (C4)", async () => {
    await scripted(
      { [head]: missing, [post]: at("http://reg.test/u"), [put()]: created },
      async ({ app }) => {
        await app.write(small());
      },
    );
  });

  it("changes with each answer, or stays where that says nothing (C5, C12)", async () => {
    const script: Script = {
      [head]: missing,
      [post]: at("/u0"),
      "PATCH /u0": { status: 201, headers: { location: "/u1" } },
      "PATCH /u1": { status: 200, headers: { location: "/u2?x" } },
      "PATCH /u2?x": gone,
      [put("/u2?x")]: created,
    };
    await scripted(script, async ({ app, requests }) => {
      await app.write(small());
      assert.deepEqual(ranges(requests), [
        "0-299",
        "300-599",
        "600-899",
        "900-999",
      ]);
    }, { pieceSize: 300 });
  });
});

describe("mounts, over a socket,", () => {
  const mount = `POST /v2/app/blobs/uploads/?mount=${digest}&from=base`;
  const from = async function* (...origins: Origin[]) {
    yield* origins;
  };
  const base = { registry: "reg.test", repository: "base" };

  it("that are refused in any way become uploads (C7)", async () => {
    const refusals: Answer[] = [401, 403, 404, 405, 400].map((status) => ({ status }));
    for (const refusal of refusals) {
      const script: Script = {
        [head]: missing,
        [mount]: refusal,
        [post]: at("/u"),
        [put()]: created,
        "GET /v2/": {},
      };
      await scripted(script, async ({ app }) => {
        assert.equal((await app.write(small(), { origins: from(base) })).how, "written");
      });
    }
    await scripted({ [head]: missing, [mount]: at("/m"), [put("/m")]: created }, async ({ app, calls }) => {
      await app.write(small(), { origins: from(base) });
      assert.ok(!calls().includes(post), "what the registry began instead is gone on with");
    });
    await scripted({ [head]: missing, [mount]: created }, async ({ app }) => {
      assert.equal((await app.write(small(), { origins: from(base) })).how, "mounted");
    });
  });

  it("are asked for from the same registry only, and always say from where (C7)", async () => {
    const elsewhere = { registry: "other.test", repository: "base" };
    await scripted({ [head]: missing, [post]: at("/u"), [put()]: created }, async ({ app, requests }) => {
      await app.write(small(), { origins: from(elsewhere, { registry: "reg.test", repository: "app" }) });
      assert.ok(!requests.some(({ path }) => path.includes("mount")));
    });
  });
});
