import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { loadPlace } from "../../src/places/load.ts";
import { parsePlace, schemes } from "../../src/places/schemes.ts";

describe("loadPlace", () => {
  it("gives what parsePlace gives", async () => {
    const prefixes = schemes.flatMap((scheme) => scheme.prefixes);
    const rests = ["a.b/c", "5000/x", "app:v1", "./a.b/c:d", "ghcr.io/acme/app@sha256:" + "a".repeat(64)];
    const texts = [
      ...["alpine", "alpine:3.20", "ghcr.io/acme/app:v1", "127.0.0.1:5000/app", "localhost:5000/app"],
      ...["reg.test:443/a:v1", "a.b", "./a.tar", "dir.d:x/y", "", "/", "daemon:x", "s3://a.b/c"],
      ...prefixes.flatMap((prefix) => rests.map((rest) => prefix + rest)),
    ];
    for (const text of texts) {
      const [loaded, parsed] = [
        await loadPlace(text).catch((error) => error),
        await Promise.resolve().then(() => parsePlace(text)).catch((error) => error),
      ];
      if (GantryError.is(parsed)) {
        assert.deepEqual([loaded.code, loaded.message], [parsed.code, parsed.message]);
      } else {
        assert.equal(loaded.scheme, parsed.scheme, text);
        assert.deepEqual([loaded.container, loaded.name], [parsed.container, parsed.name], text);
      }
    }
  });
});
