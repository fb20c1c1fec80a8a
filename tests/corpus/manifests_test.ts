import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  type ConfigFile,
  formatJson,
  formatPlatform,
  isLayerType,
  isSchema1Type,
  mediaTypes,
  parseConfig,
  parseDocument,
  parseJson,
  parsePlatform,
  type Platform,
} from "../../src/spec/mod.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { Decided } from "../spec/decided.ts";
import { type Kind, schemas } from "../spec/schemas.ts";

interface Expected {
  digest: string;
  size: number;
  kind: string;
  mediaType?: string | null;
  schema_check?: string;
  config?: { mediaType: string; digest: string; size: number };
  layers?: number;
  layer_media_types?: string[];
  layers_size?: number;
  manifests?: number;
  platforms?: string[];
  diff_ids?: string[];
  history?: number;
  history_empty?: number;
  Env_count?: number;
  [field: string]: unknown;
}

const nowhere: Platform = { os: "", architecture: "" };

const schemaOf: Record<string, Kind> = {
  "manifest": "manifest",
  "index": "imageIndex",
  "manifest list": "imageIndex",
  "image config": "config",
};

describe("manifests corpus", needsFixtures, () => {
  const expected: Record<string, Expected> = JSON.parse(
    readFileSync(fixture("expected/manifests.json"), "utf8"),
  );
  const read = (name: string) => new Uint8Array(readFileSync(fixture(`manifests/${name}`)));
  const isValid = schemas();

  const hasForeignLayer = (name: string) => () => {
    const document = parseDocument(read(name));
    assert.ok(document.kind === "manifest");
    assert.equal(isLayerType(document.manifest.layers[0]!.mediaType), false);
  };
  const decided = new Decided("manifests", {
    "image-oci1-invalid-media-type.json": hasForeignLayer("image-oci1-invalid-media-type.json"),
    "image-schema2-invalid-media-type.json": hasForeignLayer("image-schema2-invalid-media-type.json"),
  });

  /** What expected/manifests.json says of a manifest or index. */
  function checkDocument(bytes: Uint8Array, want: Expected): void {
    const document = parseDocument(bytes);
    if (want.mediaType) assert.equal(document.mediaType, want.mediaType);
    if (want.kind === "docker schema1") {
      assert.equal(document.kind, "schema1");
      assert.ok(isSchema1Type(document.mediaType));
      const signed = document.mediaType === mediaTypes.dockerSchema1Signed;
      return assert.equal(signed, want["signatures"] !== 0);
    }
    if (document.kind === "manifest") {
      const { config, layers } = document.manifest;
      assert.equal(want.kind, "manifest");
      assert.deepEqual(
        { mediaType: config.mediaType, digest: config.digest, size: config.size },
        want.config,
      );
      assert.equal(layers.length, want.layers);
      assert.deepEqual([...new Set(layers.map((layer) => layer.mediaType))].sort(), want.layer_media_types);
      return assert.equal(layers.reduce((sum, layer) => sum + layer.size, 0), want.layers_size);
    }
    assert.ok(document.kind === "index");
    assert.match(want.kind, /^(?:index|manifest list)$/);
    assert.equal(document.index.manifests.length, want.manifests);
    const platforms = document.index.manifests.map((
      { platform: { "os.version": version, ...rest } = nowhere },
    ) => [formatPlatform({ ...rest, "os.features": [] }), version].filter(Boolean).join(" "));
    assert.deepEqual(platforms, want.platforms);
  }

  /** What expected/manifests.json says of an image config. */
  function checkConfig(file: ConfigFile, want: Expected): void {
    assert.deepEqual(file.rootfs.diff_ids, want.diff_ids);
    assert.equal(file.history?.length ?? 0, want.history);
    assert.equal(file.history?.filter((entry) => entry.empty_layer).length ?? 0, want.history_empty);
    assert.equal(file.config?.Env?.length ?? 0, want.Env_count);
    for (const name of ["os", "architecture", "variant", "created"] as const) {
      if (name in want) assert.equal(file[name], want[name]);
    }
    const container = file.config ?? {};
    for (
      const name of ["Cmd", "Entrypoint", "User", "WorkingDir", "ExposedPorts", "Volumes", "Labels"] as const
    ) {
      if (name in want) assert.deepEqual(container[name], want[name]);
    }
  }

  for (const [path, want] of Object.entries(expected)) {
    const name = path.replace("manifests/", "");
    const bytes = read(name);
    const broken = want.schema_check?.startsWith("invalid");

    it(`${name}: ${want.kind}${broken ? ", refused" : ""}`, () => {
      assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, want.digest);
      assert.equal(bytes.byteLength, want.size);
      if (decided.has(name)) return;
      if (want.kind === "image config") checkConfig(parseConfig(bytes, name), want);
      else if (broken || /^JSON|^not/.test(want.kind)) {
        assert.throws(() => parseDocument(bytes), { name: "GantryError" });
        assert.throws(() => parseConfig(bytes), { name: "GantryError" });
      } else checkDocument(bytes, want);
    });

    if (want.kind === "not JSON") continue;
    it(`${name}: keeps keys in order, numbers and unknown fields`, () => {
      const value = parseJson(bytes, name);
      assert.deepEqual(value, JSON.parse(new TextDecoder().decode(bytes)));
      assert.equal(new TextDecoder().decode(formatJson(value)), JSON.stringify(value));
    });

    const kind = schemaOf[want.kind];
    if (kind === undefined) continue;
    it(`${name}: the OCI schema says ${broken ? "no" : "yes"} too`, () => {
      assert.equal(isValid(kind, JSON.parse(new TextDecoder().decode(bytes))), !broken);
    });
  }

  it("has an answer for every file", () => {
    const files = readdirSync(fixture("manifests")).map((name) => `manifests/${name}`);
    assert.deepEqual(files.sort(), Object.keys(expected).sort());
    decided.allSeen();
  });

  it("reads the platforms of real indexes", () => {
    const { manifests } = JSON.parse(
      new TextDecoder().decode(read("sylabs-testdata-TestSIFGet-IndexDefaults.json")),
    );
    for (const { platform } of manifests) {
      const text = formatPlatform(platform);
      assert.equal(formatPlatform(parsePlatform(text)), text);
    }
  });
});
