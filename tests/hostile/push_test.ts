/** Writing blobs to registries as they are. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import type { Content } from "../../src/content/contracts.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type ErrorCode, GantryError } from "../../src/errors.ts";
import type { RegistryOptions } from "../../src/registry/mod.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import type { RawRequest } from "./raw_server.ts";
import { type Answer, as, blobOf, me, type Script, scripted } from "./scripted.ts";
import {
  at,
  bytes,
  created,
  gone,
  head,
  missing,
  patches,
  post,
  put,
  ranges,
  small,
  stream,
} from "./push_answers.ts";

describe("uploads, over a socket,", () => {
  it("are one PUT where the length is known, and else a stream and a PUT of nothing (C9, C20, C21)", async () => {
    const script = { [head]: missing, [post]: at("/u"), "PATCH /u": { status: 202 }, [put()]: created };
    await scripted(script, async ({ app, requests }) => {
      await app.write(small());
      assert.deepEqual(requests.at(-1)!.body, bytes);
      assert.equal(requests.at(-1)!.headers["content-length"], "1000");
      await app.write(stream());
      const [patch] = patches(requests);
      assert.deepEqual(patch!.body, bytes);
      assert.equal(patch!.headers["content-range"], undefined);
      assert.equal(requests.at(-1)!.headers["content-length"], "0");
    });
    for (const content of [new Uint8Array(0), utf8("{}")]) {
      const name = await digestBytes(content);
      const script: Script = {
        [`HEAD /v2/app/blobs/${name}`]: missing,
        [post]: at("/u"),
        [`PUT /u?digest=${encodeURIComponent(name)}`]: created,
      };
      await scripted(script, async ({ app, requests }) => {
        await app.write(plainContent(content, { digest: name }));
        assert.equal(requests.at(-1)!.headers["content-length"], String(content.byteLength));
      });
    }
  });

  it("go in pieces as long as a registry wants them (C10)", async () => {
    const limits = { "oci-chunk-min-length": "400", "oci-chunk-max-length": "70000" };
    const script: Script = {
      [head]: missing,
      [post]: at("/u", limits),
      "PATCH /u": { status: 202 },
      [put()]: created,
    };
    await scripted(script, async ({ app, requests }) => {
      await app.write(small());
      assert.deepEqual(ranges(requests), [
        "0-399",
        "400-799",
        "800-999",
      ]);
      assert.equal(requests.at(-1)!.headers["content-length"], "0");
    }, { pieceSize: 100 });
    const large = await blobOf(150_000);
    const most: Script = {
      [`HEAD /v2/app/blobs/${large.digest}`]: missing,
      [post]: at("/u", limits),
      "PATCH /u": { status: 202 },
      [`PUT /u?digest=${encodeURIComponent(large.digest)}`]: created,
    };
    for (const size of [large.size, undefined]) {
      await scripted(most, async ({ app, requests }) => {
        await app.write(plainContent(large.bytes, { digest: large.digest, size }));
        assert.deepEqual(patches(requests).map(({ body }) => body.byteLength), [70_000, 70_000, 10_000]);
      });
    }
    // Nobody is made to hold gigabytes in memory, neither by the least nor by the most that a registry takes.
    const generous = await blobOf((8 << 20) + 5);
    const gigabytes: Script = {
      [`HEAD /v2/app/blobs/${generous.digest}`]: missing,
      [post]: at("/u", { "oci-chunk-max-length": "5368709120" }),
      "PATCH /u": { status: 202 },
      [`PUT /u?digest=${encodeURIComponent(generous.digest)}`]: created,
    };
    await scripted(gigabytes, async ({ app, requests }) => {
      await app.write(plainContent(generous.bytes, { digest: generous.digest, size: undefined }));
      assert.deepEqual(patches(requests).map(({ body }) => body.byteLength), [8 << 20, 5]);
    });
    const greedy: Script = {
      [head]: missing,
      [post]: at("/u", { "oci-chunk-min-length": "99999999999" }),
      "PATCH /u": { status: 202 },
      [put()]: created,
    };
    await scripted(greedy, async ({ app, requests }) => {
      await app.write(small());
      assert.equal(patches(requests).length, 10);
    }, { pieceSize: 100 });
  });

  it("that are too large for a registry or a proxy go in pieces, from then on (C11, C22, C26)", async () => {
    const large = await blobOf(9 << 20);
    const other = await blobOf((5 << 20) + 1);
    const putOf = (name: string) => `PUT /u?digest=${encodeURIComponent(name)}`;
    const html = "<html><center>nginx</center></html>";
    const refusals: Answer[] = [
      { status: 413, body: html },
      { status: 411, body: html },
      { status: 400, body: html },
      {
        status: 416,
        body: '{"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"request body is too large"}]}',
      },
    ];
    const options: RegistryOptions = { timeouts: { response: 20_000, idle: 20_000 } };
    for (
      const [most, refusal] of [[4 << 20, refusals[3]!], [1 << 20, refusals[0]!], [1 << 20, refusals[2]!], [
        4 << 20,
        refusals[1]!,
      ]] as const
    ) {
      const take = (answer: Answer) => ({ body }: RawRequest) => body.byteLength > most ? refusal : answer;
      const script: Script = {
        [`HEAD /v2/app/blobs/${large.digest}`]: missing,
        [`HEAD /v2/app/blobs/${other.digest}`]: missing,
        [post]: at("/u"),
        "DELETE /u": gone,
        "PATCH /u": take({ status: 202 }),
        [putOf(large.digest)]: take(created),
        [putOf(other.digest)]: take(created),
      };
      await scripted(script, async ({ app, calls, requests }) => {
        await app.write(plainContent(large.bytes, { digest: large.digest }));
        const before = calls().length;
        await app.write(plainContent(other.bytes, { digest: other.digest }));
        assert.equal(calls().slice(before).filter((call) => call === post).length, 1, "it is remembered");
        assert.ok(requests.slice(before).every(({ body }) => body.byteLength <= most));
      }, options);
    }
    const never: Script = {
      [head]: missing,
      [post]: at("/u"),
      "DELETE /u": gone,
      [put()]: { status: 413, body: html },
      "PATCH /u": { status: 413, body: html },
    };
    await scripted(never, async ({ app, requests }) => {
      await rejects(app.write(stream()), "too-large", /413/);
      assert.ok(patches(requests).length <= 4);
    });
  });

  it("do not look back where a registry tells an old offset (C13)", async () => {
    const script: Script = {
      [head]: missing,
      [post]: at("/u"),
      "PATCH /u": { status: 202, headers: { range: "0-299" } },
      [put()]: created,
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

  it("that a registry has lost begin anew, and the old one is given up (C14, C18)", async () => {
    const lost: Answer[] = [
      { status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' },
      { status: 400, body: '{"errors":[{"code":"BLOB_UPLOAD_INVALID"}]}' },
      { status: 416 },
      { status: 502 },
    ];
    for (const answer of lost) {
      const script: Script = {
        [head]: missing,
        [post]: [at("/u1"), at("/u2")],
        "PATCH /u1": answer,
        "DELETE /u1": missing,
        "PATCH /u2": { status: 202 },
        [put("/u2")]: created,
      };
      await scripted(script, async ({ app, calls }) => {
        await app.write(stream());
        assert.ok(calls().includes("DELETE /u1"));
      });
      await scripted({ ...script, [post]: at("/u1") }, async ({ app }) => {
        await assert.rejects(app.write(stream({ replayable: false })), (error) => GantryError.is(error));
      });
    }
  });

  it("learn from the registry how far they have come (C15)", async () => {
    const says: [string, boolean][] = [["0-299", true], ["bytes=0-299", true], ["0-0", false], [
      "0--1",
      false,
    ], ["0-199", false]];
    for (const [range, known] of says) {
      const script: Script = {
        [head]: missing,
        [post]: [at("/u"), at("/v")],
        "PATCH /u": [{ status: 416 }, { status: 202 }],
        "GET /u": { status: 204, headers: { range } },
        "DELETE /u": gone,
        "PATCH /v": { status: 202 },
        [put("/u")]: created,
        [put("/v")]: created,
      };
      await scripted(script, async ({ app, calls }) => {
        await app.write(small());
        assert.equal(calls().filter((call) => call === post).length, known ? 1 : 2, range);
      }, { pieceSize: 300 });
    }
  });

  it("end with any good status, but under no other digest (C16)", async () => {
    for (const status of [200, 201, 202, 204]) {
      await scripted(
        { [head]: missing, [post]: at("/u"), [put()]: { status } },
        async ({ app }) => void await app.write(small()),
      );
    }
    const other = await digestBytes(utf8("other"));
    const answer = { status: 201, headers: { "docker-content-digest": other } };
    await scripted(
      { [head]: missing, [post]: at("/u"), [put()]: answer, "DELETE /u": gone },
      async ({ app }) => {
        await rejects(app.write(small()), "digest-mismatch");
      },
    );
  });

  it("whose last answer is lost have succeeded if the blob is there (C17)", async () => {
    const lost: Answer = { headers: { "content-length": "5" }, then: "reset", status: 500 };
    const script: Script = { [head]: [missing, {}], [post]: at("/u"), [put()]: [lost, missing] };
    await scripted(script, async ({ app }) => void await app.write(small()));
    const large = await blobOf(2 << 20);
    const heads = `HEAD /v2/app/blobs/${large.digest}`;
    const streamed: Script = {
      [heads]: [missing, {}],
      [post]: at("/u"),
      [`PUT /u?digest=${encodeURIComponent(large.digest)}`]: { status: 504 },
    };
    await scripted(streamed, async ({ app, requests }) => {
      await app.write(plainContent(large.bytes, { digest: large.digest }));
      assert.equal(requests.filter(({ method }) => method === "PUT").length, 1);
    });
  });

  it("are cancelled when they fail, whatever the registry says to that (C19)", async () => {
    for (const status of [202, 204, 401, 404, 405, 500]) {
      const script: Script = {
        [head]: missing,
        [post]: at("/u"),
        [put()]: { status: 403, body: '{"errors":[{"code":"DENIED","message":"quota"}]}' },
        "DELETE /u": { status },
        "GET /v2/": {},
      };
      await scripted(script, async ({ app, calls }) => {
        await rejects(app.write(small()), "denied", /quota/);
        assert.ok(calls().includes("DELETE /u"));
      });
    }
  });

  it("are sent again after a redirect or a challenge, if they can be (C23, C24, H6, H7)", async () => {
    const once: Answer[] = [
      { status: 307, headers: { location: "/u2" } },
      { status: 401, headers: { "www-authenticate": "Basic" } },
    ];
    for (const refusal of once) {
      const script: Script = {
        [head]: missing,
        [post]: at("/u"),
        "PATCH /u": [refusal, { status: 202 }],
        "PATCH /u2": { status: 202 },
        [put()]: [refusal, created],
        [`PUT /u2`]: created,
        "DELETE /u": gone,
      };
      const node = globalThis.process.versions["undici"] && !globalThis.process.versions["bun"];
      for (const content of [small(), stream()]) {
        // Node's fetch does not say where a redirect of a stream goes.
        if (node && refusal.status === 307 && content.size === undefined) continue;
        await scripted(script, async ({ app, requests }) => {
          await app.write(content);
          assert.ok(Buffer.from(requests.findLast(({ body }) => body.byteLength > 0)!.body).equals(bytes));
        }, as(me));
      }
      script["PATCH /u"] = refusal;
      await scripted(script, async ({ app, requests }) => {
        await rejects(app.write(stream({ replayable: false })), ["consumed", "unauthorized", "unavailable"]);
        assert.equal(patches(requests).length, 1);
      }, as(me));
    }
  });

  it("that are refused while they are sent tell why, where the runtime lets them (C25)", async () => {
    const large = await blobOf(3 << 20);
    const statuses: [number, ErrorCode][] = [[403, "denied"], [413, "too-large"], [429, "rate-limited"]];
    for (const [status, code] of statuses) {
      const refusal: Answer = { status, body: '{"errors":[{"code":"DENIED","message":"no"}]}', then: "end" };
      const script = (call: string): Answer =>
        call.startsWith("HEAD")
          ? missing
          : call === post
          ? at("/u")
          : call.startsWith("DELETE")
          ? gone
          : refusal;
      await scripted(script, async ({ app }) => {
        const content = plainContent(large.bytes, {
          digest: large.digest,
          size: undefined,
          replayable: false,
        });
        await rejects(app.write(content), [code, "unavailable"]);
      }, { early: true, retry: { retries: 0 } });
    }
  });

  it("whose content is not what it says are not ended (C27)", async () => {
    const other = await digestBytes(utf8("other"));
    const wrong: [Partial<Content>, ErrorCode][] = [
      [{ size: 999 }, "size-mismatch"],
      [{ size: 1001 }, "size-mismatch"],
      [{ size: undefined, digest: other }, "digest-mismatch"],
    ];
    for (const [claim, code] of wrong) {
      const script = (call: string): Answer =>
        call.startsWith("HEAD")
          ? missing
          : call === post
          ? at("/u")
          : call.startsWith("DELETE")
          ? gone
          : { status: 202 };
      await scripted(script, async ({ app, calls }) => {
        await rejects(app.write(small(claim)), code);
        assert.ok(!calls().some((call) => call.startsWith("PUT")));
      });
    }
  });

  it("of one blob at the same time are one (C38)", async () => {
    let there = false;
    const script: Script = {
      [head]: () => there ? {} : missing,
      [post]: at("/u"),
      [put()]: () => {
        there = true;
        return created;
      },
    };
    await scripted(script, async ({ app, open, calls }) => {
      const written = await Promise.all([app, app, open("reg.test/app")].map((to) => to.write(small())));
      assert.deepEqual(written.map(({ how }) => how), ["written", "present", "present"]);
      assert.equal(calls().filter((call) => call === post).length, 1);
    });
  });

  it("of which one waits for another let go with the signal (C38)", async () => {
    const script: Script = {
      [head]: missing,
      [post]: { ...at("/u"), headers: { "content-length": "5" }, then: "silence" },
    };
    await scripted(script, async ({ app }) => {
      const abort = new AbortController();
      const reason = new Error("changed my mind");
      const [first, second] = [new AbortController(), abort].map(({ signal }) =>
        app.write(small(), { signal })
      );
      abort.abort(reason);
      await assert.rejects(second!, reason);
      await assert.rejects(first!, (error) => GantryError.is(error));
    }, { timeouts: { response: 300, idle: 300 }, retry: { retries: 0 } });
  });

  it("under another algorithm's digest say so first (C39)", async () => {
    const long = await digestBytes(bytes, "sha512");
    const script: Script = {
      [`HEAD /v2/app/blobs/${long}`]: missing,
      [`${post}?digest-algorithm=sha512`]: at("/u"),
      [`PUT /u?digest=${encodeURIComponent(long)}`]: created,
    };
    await scripted(script, async ({ app }) => void await app.write(plainContent(bytes, { digest: long })));
  });

  it("send their bytes a handful of times at most", async () => {
    for (const content of [small(), stream(), small({ size: undefined, replayable: false })]) {
      for (const status of [500, 503, 429, 416, 413, 401, 307, 404]) {
        let sent = 0;
        const script = (call: string, { body }: RawRequest): Answer => {
          if (call.startsWith("HEAD")) return missing;
          if (call === post) return at("/u");
          if (body.byteLength === 0) return call.startsWith("GET") ? {} : gone;
          sent++;
          return { status, headers: { location: "/u" } };
        };
        await scripted(script, async ({ app }) => {
          await assert.rejects(app.write(content), (error) => GantryError.is(error));
        });
        assert.ok(sent >= 1 && sent <= 5, `sent ${sent} times to ${status}`);
      }
    }
  });

  it("can be tried before anything is made to be sent", async () => {
    await scripted({ [post]: at("/u"), "DELETE /u": { status: 404 } }, async ({ app }) => {
      await app.checkPushPermission();
    });
    await scripted({ [post]: { status: 401 }, "GET /v2/": {} }, async ({ app }) => {
      await rejects(app.checkPushPermission(), "unauthorized");
    });
  });
});
