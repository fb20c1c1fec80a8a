/** Lists of registries as they are. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { collect } from "../../src/testing/collect.ts";
import { rejects } from "../../src/testing/errors.ts";
import { type Answer, type Script, scripted } from "./scripted.ts";

const first = "GET /v2/app/tags/list?n=1000";
const page = (tags: unknown, link?: string | string[]): Answer => ({
  headers: link === undefined ? {} : { link },
  body: JSON.stringify({ name: "app", tags }),
});

const entries = await Promise.all(["a/sbom", "a/signature", "a/sbom"].map(async (artifactType, i) => ({
  mediaType: mediaTypes.ociManifest,
  digest: await digestBytes(utf8(`${i}`)),
  size: 1,
  artifactType,
})));
const [sbom, signature, second] = entries;
const subject = await digestBytes(utf8("subject"));

describe("tags, over a socket,", () => {
  it("go on at every form of a link (D1)", async () => {
    const forms: [string | string[], string][] = [
      ['</v2/app/tags/list?last=b&n=2>; rel="next"', "GET /v2/app/tags/list?last=b&n=2"],
      ["<?last=b%2B+%20&n=2>; rel=next", "GET /v2/app/tags/list?last=b%2B+%20&n=2"],
      ['<https://reg.test/next?next_page=gAAA%3D%3D>; rel="next"', "GET /next?next_page=gAAA%3D%3D"],
      ['</x>; rel="first", </y>; title="a, b"; rel="prev next"', "GET /y"],
      [['</x>; rel="first"', '</y>; REL="NEXT"'], "GET /y"],
      ['/bare; rel="next"', "GET /bare"],
    ];
    for (const [link, next] of forms) {
      await scripted({ [first]: page(["a"], link), [next]: page(["b"]) }, async ({ app }) => {
        assert.deepEqual(await collect(app.names()), ["a", "b"]);
      });
    }
  });

  it("do not go on elsewhere (D2)", async () => {
    const elsewhere = [
      "https://evil.test/x",
      "http://reg.test/x",
      "https://reg.test:8443/x",
      "//169.254.169.254/x",
    ];
    for (const url of elsewhere) {
      await scripted({ [first]: page(["a"], `<${url}>; rel="next"`) }, async ({ app, requests }) => {
        await rejects(collect(app.names()), "denied");
        assert.equal(requests.length, 1);
      });
    }
  });

  it("come in pages of any size, whatever was asked for (D3, D6)", async () => {
    const script: Script = {
      [first]: page(["a", "b", "c"], '<?p=2>; rel="next"'),
      "GET /v2/app/tags/list?p=2": page([], '<?p=3>; rel="next"'),
      "GET /v2/app/tags/list?p=3": page(["d"]),
    };
    await scripted(script, async ({ app }) => {
      assert.deepEqual(await collect(app.names()), ["a", "b", "c", "d"]);
    });
    const refusal: Answer = { status: 400, body: '{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}' };
    await scripted({ [first]: refusal, "GET /v2/app/tags/list": page(["a"]) }, async ({ app }) => {
      assert.deepEqual(await collect(app.names()), ["a"]);
    });
  });

  it("end, whatever loop the pages make (D4)", async () => {
    const same = { [first]: page(["a"], `<${first.slice(4)}>; rel="next"`) };
    await scripted(same, async ({ app, requests }) => {
      await rejects(collect(app.names()), "invalid-document");
      assert.ok(requests.length <= 3);
    });
    const loops: ((n: number) => Answer)[] = [
      (n) => page([`t${n}`], `<?p=${n % 3}>; rel="next"`), // a cycle of pages
      (n) => page(["a", "b"], `<?p=${n}>; rel="next"`), // ever new pages of what was there before
      (n) => page([], `<?p=${n}>; rel="next"`), // ever new pages of nothing
      (n) => page(null, `<?p=${n}>; rel="next"`),
      (n) => page([1, {}, null], `<?p=${n}>; rel="next"`),
    ];
    for (const loop of loops) {
      let n = 0;
      await scripted(() => loop(n++), async ({ app, requests }) => {
        await rejects(collect(app.names()), "invalid-document");
        assert.ok(requests.length <= 102, String(requests.length));
      });
    }
    let n = 0;
    await scripted(() => page([`t${n}`], `<?p=${n++}>; rel="next"`), async ({ app, requests }) => {
      await rejects(collect(app.names()), "too-large");
      assert.equal(requests.length, 50);
    }, { limits: { pages: 50 } });
  });

  it("are none, or what of them can be tags, each once, in the registry's order (D5, D10)", async () => {
    const bodies: [string, string[]][] = [
      ['{"name":"app","tags":null}', []],
      ['{"name":"app"}', []],
      ['{"name":"other","tags":["b","a","b",1,null,{},"../x","a b"]}', ["b", "a"]],
      ['{"tags":["\\u0061\\u002d1"]}', ["a-1"]],
    ];
    for (const [body, tags] of bodies) {
      await scripted({ [first]: { body } }, async ({ app }) => {
        assert.deepEqual(await collect(app.names()), tags);
      });
    }
    const link = '</v2/app/tags/list?last=a\\u0026n=1>; rel="next"';
    await scripted((call) => call === first ? page(["a"], link) : page(["b"]), async ({ app }) => {
      assert.deepEqual(await collect(app.names()), ["a", "b"]);
    });
  });

  it("of a repository without any, or of none, are told apart (D7)", async () => {
    await scripted(
      { [first]: page([]) },
      async ({ app }) => assert.deepEqual(await collect(app.names()), []),
    );
    const unknown: Answer = {
      status: 404,
      body: '{"errors":[{"code":"NAME_UNKNOWN","message":"not known"}]}',
    };
    await scripted({ [first]: unknown }, async ({ app }) => {
      await rejects(collect(app.names()), "not-found", /NAME_UNKNOWN/);
    });
  });

  it("may stand among much else, but in no endless page (D9)", async () => {
    const manifest = { "sha256:00": { imageSizeBytes: "1", tag: ["v1"] } };
    const google = JSON.stringify({ child: ["x"], manifest, name: "app", tags: ["v1"] });
    await scripted({ [first]: { body: google } }, async ({ app }) => {
      assert.deepEqual(await collect(app.names()), ["v1"]);
    });
    const endless: Answer = {
      headers: { "content-length": null },
      body: `{"tags":["${"x".repeat(100_000)}`,
      then: "silence",
    };
    await scripted({ [first]: endless }, async ({ app }) => {
      await rejects(collect(app.names()), "too-large");
    }, { limits: { page: 50_000 } });
  });
});

describe("catalogs, over a socket,", () => {
  const catalog = "GET /v2/_catalog?n=1000";

  it("are asked for with a scope of their own, or kept by the registry (D8)", async () => {
    const script: Script = {
      [catalog]: [
        { status: 401, headers: { "www-authenticate": 'Bearer realm="/t",service="s"' } },
        { body: '{"repositories":["a","b/c"]}', headers: { link: '</v2/_catalog?last=b%2Fc>; rel="next"' } },
      ],
      "GET /t?service=s&scope=registry%3Acatalog%3A*": { body: '{"token":"t"}' },
      "GET /v2/_catalog?last=b%2Fc": { body: '{"repositories":["d"]}' },
    };
    await scripted(script, async ({ open }) => {
      assert.deepEqual(await collect(open.catalog("reg.test")), ["a", "b/c", "d"]);
    });
    const kept: [number, ErrorCode][] = [[401, "unauthorized"], [403, "denied"], [404, "not-found"], [
      405,
      "unsupported",
    ]];
    for (const [status, code] of kept) {
      await scripted({ [catalog]: { status }, "GET /v2/": {} }, async ({ open }) => {
        await rejects(collect(open.catalog("reg.test")), code, /list the repositories of reg\.test/);
      });
    }
  });
});

describe("referrers, over a socket,", () => {
  const api = `GET /v2/app/referrers/${subject}`;
  const tag = `GET /v2/app/manifests/sha256-${subject.slice(7)}`;
  const index = (manifests: unknown[], more: Answer["headers"] = {}): Answer => ({
    headers: { "content-type": mediaTypes.ociIndex, ...more },
    body: JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
  });

  it("come page by page, filtered there or here, each once (C35)", async () => {
    const filtered = `${api}?artifactType=a%2Fsbom`;
    for (const applied of [undefined, "artifactType"]) {
      const script: Script = {
        [filtered]: index([sbom, signature], { link: '</more>; rel="next"', "oci-filters-applied": applied }),
        "GET /more": index([sbom, second]),
      };
      await scripted(script, async ({ app }) => {
        assert.deepEqual(await collect(app.referrers({ digest: subject }, { artifactType: "a/sbom" })), [
          sbom,
          second,
        ]);
      });
    }
  });

  it("come from the tag where the registry says in its way that it has no list (C35)", async () => {
    const answers: Answer[] = [
      { status: 404, body: "404 page not found" },
      { status: 405 },
      { status: 400 },
      { status: 406 },
      { status: 403 },
      { status: 500 },
      { status: 303, headers: { location: "https://web.test/login" } },
      { status: 302, headers: { location: "http://127.0.0.1/login" } },
      { status: 429, headers: { "retry-after": "60" } },
      { headers: { "content-type": "text/html" }, body: "<html>" },
      { headers: { "content-type": "application/json" }, body: "{}" },
    ];
    for (const answer of answers) {
      await scripted(
        { [api]: answer, [tag]: index([sbom, signature, sbom]) },
        async ({ app, requests, slept }) => {
          assert.deepEqual(await collect(app.referrers({ digest: subject })), [sbom, signature]);
          if (answer.status === 429) assert.deepEqual(slept, []);
          if (answer.status !== 500) assert.equal(requests.length, 2, String(answer.status));
        },
      );
    }
  });

  it("are none only where nothing speaks against it (C35)", async () => {
    const unknown = '{"errors":[{"code":"NAME_UNKNOWN"}]}';
    const answers: [Answer, ErrorCode | undefined][] = [
      [{ status: 404 }, undefined],
      [{ status: 429 }, undefined],
      [{ status: 403 }, "denied"],
      [{ status: 500 }, "unavailable"],
      [{ status: 404, body: unknown }, "not-found"],
    ];
    for (const [answer, code] of answers) {
      await scripted({ [api]: answer, [tag]: { status: 404 } }, async ({ app }) => {
        const all = collect(app.referrers({ digest: subject }));
        if (code) await rejects(all, code);
        else assert.deepEqual(await all, []);
      });
    }
  });

  it("end, whatever loop the pages make (D4)", async () => {
    let n = 0;
    await scripted(() => index([], { link: `</p${n++}>; rel="next"` }), async ({ app, requests }) => {
      await rejects(collect(app.referrers({ digest: subject })), "invalid-document");
      assert.ok(requests.length <= 102);
    });
    await scripted(() => index([sbom], { link: `</p${n++}>; rel="next"` }), async ({ app, requests }) => {
      await rejects(collect(app.referrers({ digest: subject })), "invalid-document");
      assert.equal(requests.length, 2);
    });
  });
});
