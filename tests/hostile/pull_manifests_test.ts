/** Reading manifests from registries as they are. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { verified } from "../../src/content/verified.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { Index, openImage, openRoot } from "../../src/image/mod.ts";
import { acceptedDocuments, mediaTypes } from "../../src/spec/media_type.ts";
import { rejects } from "../../src/testing/errors.ts";
import { signedSchema1 } from "../support/schema1.ts";
import { type Answer, type Script, scripted } from "./scripted.ts";
import { as, byDigest, descriptor, found, get, head, index, indexDigest, text } from "./pull_answers.ts";

describe("manifests, over a socket,", () => {
  it("have digests that no header tells, or a wrong one, or one of another kind (B1, B4, B5)", async () => {
    const long = await digestBytes(index, "sha512");
    const other = await digestBytes(utf8("other"));
    const claims: [string | null, string][] = [
      [null, indexDigest],
      [other, indexDigest],
      ["sha256:../../x", indexDigest],
      [indexDigest.toUpperCase(), indexDigest],
      ["md5:d41d8cd98f00b204e9800998ecf8427e", indexDigest],
      [long, long],
      [long.replace(/.$/, long.endsWith("0") ? "1" : "0"), indexDigest],
    ];
    for (const [claim, digest] of claims) {
      const answer = as(mediaTypes.ociIndex, text, { "docker-content-digest": claim });
      await scripted({ [head]: answer, [get]: answer, [byDigest]: answer }, async ({ app }) => {
        assert.equal((await app.resolve("v1", { document: true })).descriptor.digest, digest);
        if (claim !== other) {
          assert.match((await app.resolve("v1")).descriptor.digest, /^sha(256|512):[0-9a-f]+$/);
        }
        // What is asked for by digest is that, or refused.
        assert.equal((await app.resolve(indexDigest, { document: true })).descriptor.digest, indexDigest);
      });
    }
    await scripted(
      { [byDigest]: as(mediaTypes.ociIndex, '{"schemaVersion":2,"manifests":[ ]}') },
      async ({ app }) => {
        await rejects(app.resolve(indexDigest, { document: true }), "digest-mismatch");
      },
    );
  });

  it("are asked for by GET where HEAD does not do, or has no reason (B2, B3)", async () => {
    const heads: Answer[] = [
      { status: 405 },
      { status: 200, headers: { "content-length": "0" } },
      { status: 200, headers: { "content-length": null, "content-type": mediaTypes.ociIndex } },
      { status: 403 },
      { status: 500 },
    ];
    for (const answer of heads) {
      await scripted({ [head]: answer, [get]: found }, async ({ app }) => {
        assert.deepEqual((await app.resolve("v1")).descriptor, descriptor);
      });
    }
    const why = { status: 403, body: '{"errors":[{"code":"DENIED","message":"quota used up"}]}' };
    await scripted({ [head]: { status: 403 }, [get]: why }, async ({ app }) => {
      await rejects(app.resolve("v1"), "denied", /quota used up/);
    });
  });

  it("come with no type, or a vague one, or with parameters (B6)", async () => {
    const vague = [
      null,
      "application/json",
      "text/plain; charset=utf-8",
      "application/octet-stream",
      "binary/octet-stream",
      "APPLICATION/vnd.oci.image.index.v1+JSON; charset=utf-8",
    ];
    for (const type of vague) {
      await scripted({ [get]: { headers: { "content-type": type }, body: text } }, async ({ app }) => {
        assert.deepEqual((await app.resolve("v1", { document: true })).descriptor, descriptor);
      });
    }
  });

  it("that are two things at once are refused (B7, B8)", async () => {
    const config = { mediaType: mediaTypes.ociConfig, digest: indexDigest, size: 3 };
    const confused: [string, object][] = [
      [mediaTypes.ociIndex, { schemaVersion: 2, mediaType: mediaTypes.ociManifest, manifests: [] }],
      [mediaTypes.ociIndex, { schemaVersion: 2, manifests: [], layers: [] }],
      [mediaTypes.ociManifest, { schemaVersion: 2, config, layers: [], manifests: [] }],
      ["application/json", { schemaVersion: 2, config, layers: [], manifests: [] }],
    ];
    for (const [type, document] of confused) {
      await scripted({ [get]: as(type, JSON.stringify(document)) }, async ({ app }) => {
        await rejects(app.resolve("v1", { document: true }), "invalid-document");
      });
    }
    // An index says that it names an image, and what comes is an index.
    const inner = { mediaType: mediaTypes.ociManifest, digest: indexDigest, size: index.byteLength };
    const outer = JSON.stringify({ schemaVersion: 2, manifests: [inner] });
    await scripted({ [get]: as(mediaTypes.ociIndex, outer), [byDigest]: found }, async ({ app }) => {
      const root = await openRoot(app, "v1");
      assert.ok(root instanceof Index);
      const [image] = await root.children();
      await assert.rejects(
        image!.children(),
        (error) => GantryError.is(error, "invalid-document", "unsupported"),
      );
    });
  });

  it("are asked for by one list of types, indexes first, and lists of tags by none of them (B9, B10)", async () => {
    const script: Script = { [get]: found, "GET /v2/app/tags/list?n=1000": { body: '{"tags":[]}' } };
    await scripted(script, async ({ app, requests }) => {
      await app.resolve("v1", { document: true });
      for await (const name of app.names()) assert.fail(name);
      const [manifest, tags] = requests;
      assert.equal(manifest!.headers["accept"], acceptedDocuments.join(", "));
      assert.match(manifest!.headers["accept"]!, /^application\/vnd\.oci\.image\.index/);
      assert.equal(tags!.headers["accept"], "application/json");
    });
  });

  it("of Docker's schema 1 are shown and named by what was signed (B11)", async () => {
    const { bytes, digest, payload } = await signedSchema1([indexDigest]);
    const type = mediaTypes.dockerSchema1Signed;
    for (const contentType of [type, "text/plain"]) {
      const script: Script = {
        [get]: as(contentType, bytes, { "docker-content-digest": digest }),
        [`GET /v2/app/manifests/${digest}`]: as(contentType, bytes),
      };
      await scripted(script, async ({ app }) => {
        const { descriptor, document } = await app.resolve("v1", { document: true });
        assert.deepEqual(descriptor, { mediaType: type, digest, size: bytes.byteLength });
        assert.deepEqual(document, bytes);
        const image = await openImage(app, digest);
        assert.deepEqual(await image.rawManifest(), bytes);
        await rejects(image.config(), "unsupported", /Docker's schema 1/);
      });
    }
    const changed = new Uint8Array(bytes);
    changed[payload.indexOf(0x61)] = 0x62;
    await scripted({ [`GET /v2/app/manifests/${digest}`]: as(type, changed) }, async ({ app }) => {
      await rejects(app.resolve(digest, { document: true }), ["digest-mismatch", "invalid-document"]);
    });
  });

  it("may be large, but not endless (B12)", async () => {
    const large = JSON.stringify({
      schemaVersion: 2,
      manifests: [],
      annotations: { x: "y".repeat(5 << 20) },
    });
    for (const length of [undefined, null]) {
      const headers = length === null ? { "content-length": null } : {};
      const answer = { ...as(mediaTypes.ociIndex, large, headers), then: "end" as const };
      await scripted({ [get]: answer }, async ({ app }) => {
        assert.equal((await app.resolve("v1", { document: true })).descriptor.size, large.length);
      });
      await scripted({ [get]: answer }, async ({ app }) => {
        await rejects(app.resolve("v1", { document: true }), "too-large");
      }, { limits: { manifest: 1 << 20 }, retry: { retries: 0 } });
    }
  });

  it("keep every byte, whatever JSON it is (B13)", async () => {
    const written = utf8(`\ufeff{ "schemaVersion" : 2,\r\n "manifests":[], "x":1.0e2 }\n\n`);
    await scripted({ [get]: as(mediaTypes.ociIndex, written) }, async ({ app }) => {
      const { document, descriptor } = await app.resolve("v1", { document: true });
      assert.deepEqual(document, written);
      assert.equal(descriptor.digest, await digestBytes(written));
    });
  });

  it("are held to what the numbers and keys in them may be (B48, B49)", async () => {
    const size = (number: string) =>
      `{"schemaVersion":2,"manifests":[{"mediaType":"${mediaTypes.ociManifest}","digest":"${indexDigest}","size":${number}}]}`;
    const bad: string[] = [
      ...["-1", "1.5", '"3"', "9007199254740993", "1e400"].map(size),
      '{"schemaVersion":2,"manifests":[],"manifests":[]}',
      `{"schemaVersion":2,"manifests":[],"x":${"[".repeat(100_000)}`,
    ];
    for (const body of bad) {
      await scripted({ [get]: as(mediaTypes.ociIndex, body) }, async ({ app }) => {
        await rejects(app.resolve("v1", { document: true }), ["invalid-document", "too-large"]);
      });
    }
    const odd = '{"schemaVersion":2,"manifests":[],"__proto__":{"x":1},"constructor":1}';
    await scripted({ [get]: as(mediaTypes.ociIndex, odd) }, async ({ app }) => {
      await app.resolve("v1", { document: true });
      assert.equal(({} as { x?: number }).x, undefined);
    });
  });

  it("that only /blobs/ has are read there (B36)", async () => {
    const script: Script = {
      [byDigest]: { status: 404 },
      [byDigest.replace("manifests", "blobs")]: { body: text },
    };
    await scripted(script, async ({ app }) => {
      const stream = await verified(app).open(descriptor, { role: "manifest" });
      assert.equal(await new Response(stream).text(), text);
    });
    await scripted({ [byDigest]: { status: 403 } }, async ({ app }) => {
      await rejects(app.open(descriptor), "denied");
    });
  });

  it("are fetched by digest where that is known, of any length that can be checked (B37)", async () => {
    const long = await digestBytes(index, "sha512");
    await scripted({ [`GET /v2/app/manifests/${long}`]: found }, async ({ app, requests }) => {
      assert.equal((await app.resolve(long, { document: true })).descriptor.digest, long);
      for (const name of ["blake3:00", "sha256+b64u:AA", `${indexDigest}0`]) {
        await rejects(app.resolve(name), ["unsupported", "invalid-digest"]);
      }
      assert.equal(requests.length, 1);
    });
  });

  it("have names that never become a path of their own (B42, B43)", async () => {
    await scripted({}, async ({ app, open }) => {
      for (const name of ["../x", "%2e%2e", "a/b", "a?b", "a#b", ".x", "-x", "x".repeat(129), "", "a b"]) {
        await rejects(app.resolve(name), "invalid-name");
      }
      for (
        const name of ["reg.test/a/../b", "reg.test/%2e%2e/a", "reg.test/A", "reg.test/a//b", "reg.test/a?b"]
      ) {
        assert.throws(() => open(name), (error) => GantryError.is(error, "invalid-name"));
      }
    });
  });
});
