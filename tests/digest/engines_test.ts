import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { hashWasm } from "../../src/digest/hash_wasm.ts";
import {
  addHashEngine,
  type Algorithm,
  createHasher,
  digestBytes,
  hashEngines,
} from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { bare } from "../support/streams.ts";
import { DigestStream, withEngine } from "./fake_engines.ts";

// FIPS 180-4's examples: https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
const long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
const longer = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" +
  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
const vectors: [Algorithm, string, string][] = [
  ["sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["sha256", long, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
  ["sha256", "a".repeat(1e6), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  [
    "sha384",
    "abc",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  ],
  [
    "sha384",
    longer,
    "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039",
  ],
  [
    "sha512",
    "abc",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ],
  [
    "sha512",
    longer,
    "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018" +
    "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
  ],
];

describe("engines", () => {
  before(() => {
    addHashEngine(hashWasm);
    Object.defineProperty(globalThis.crypto, "DigestStream", { value: DigestStream, configurable: true });
  });
  after(() => {
    delete (globalThis.crypto as { DigestStream?: unknown }).DigestStream;
  });

  for (const engine of ["node:crypto", "DigestStream", "subtle", "hash-wasm"]) {
    it(`${engine} computes the examples of FIPS 180-4 from a buffer`, async () => {
      for (const [algorithm, message, hex] of vectors) {
        assert.equal(await digestBytes(utf8(message), algorithm, { engine }), `${algorithm}:${hex}`);
      }
    });
  }

  for (const engine of ["node:crypto", "DigestStream", "hash-wasm"]) {
    it(`${engine} computes the examples of FIPS 180-4 from pieces`, async () => {
      for (const [algorithm, message, hex] of vectors) {
        const bytes = utf8(message);
        for (const piece of [1, 63, 64, 65, 1e5]) {
          if (bytes.byteLength / piece > 2000) continue;
          const hasher = await createHasher(algorithm, { engine });
          for (let at = 0; at < bytes.byteLength; at += piece) {
            await hasher.update(bytes.subarray(at, at + piece));
          }
          assert.equal(await hasher.digest(), `${algorithm}:${hex}`);
        }
      }
    });

    it(`${engine} is done with a chunk once update is, and leaves it as it was`, async () => {
      const chunk = utf8("abc");
      const hasher = await createHasher("sha256", { engine });
      await hasher.update(chunk);
      assert.deepEqual(chunk, utf8("abc"));
      chunk.fill(0);
      assert.equal(await hasher.digest(), `sha256:${vectors[1]![2]}`);
    });
  }

  it("prefers the runtime's own", () => {
    assert.deepEqual(hashEngines().map(({ name }) => name), [
      "node:crypto",
      "DigestStream",
      "subtle",
      "wasm",
      "hash-wasm",
    ]);
  });

  it("is replaced by one of the same name", async () => {
    const named = (digit: string) => ({
      update() {},
      digest: () => Promise.resolve(`sha256:${digit.repeat(64)}` as const),
    });
    await withEngine("stub", named("0"), async () => {
      await withEngine("stub", named("1"), async () => {
        assert.equal(
          await (await createHasher("sha256", { engine: "stub" })).digest(),
          await named("1").digest(),
        );
        assert.equal(await digestBytes(utf8("abc"), "sha256", { engine: "stub" }), await named("1").digest());
        assert.equal(hashEngines().filter(({ name }) => name === "stub").length, 1);
      });
    });
  });

  it("names those that are here when asked for another", async () => {
    const message =
      /^hash a stream with sha256: engine "subtle" is not here, only "node:crypto", .*"wasm" or "hash-wasm"$/;
    await assert.rejects(createHasher("sha256", { engine: "subtle" }), { code: "no-engine", message });
  });
});

describe("a runtime with nothing but the web platform", () => {
  it("hashes buffers", async () => {
    assert.equal(await bare(() => digestBytes(utf8("abc"))), `sha256:${vectors[1]![2]}`);
  });

  it("cannot hash streams, and says what to import", async () => {
    await assert.rejects(
      bare(() => createHasher()),
      (error) => GantryError.is(error, "no-engine") && error.message.includes(`import "@gantry/oci"`),
    );
  });
});
