import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, stop } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the README promises, in bytes of gzip. */
const most = 17_500;
/** The same with all keychains that need only `fetch`. */
const mostWithKeychains = 23_000;

/** Reads a manifest with whatever logs in. */
const withKeychains = `
  import { acr, anonymous, azureToken, chain, configCredentials, ecr, github } from "@gantry/oci/edge";
  import { google, googleKey, googleMetadata, pullSecrets, refreshing, registrySource } from "@gantry/oci/edge";
  export default {
    async fetch(_request, env) {
      const credentials = refreshing(chain(
        acr(azureToken(env.azure)),
        configCredentials(env.config),
        ecr(env.aws),
        github(env.github),
        google(googleKey(env.google)),
        google(googleMetadata()),
        pullSecrets(env.secrets),
        anonymous,
      ));
      const { document } = await registrySource("ghcr.io/acme/app", { credentials }).resolve("v1", { document: true });
      return new Response(document);
    },
  };
`;

/** An entry as one file for the edge, and the files that went into it. */
async function bundle(entry: string | { contents: string }): Promise<{ code: string; inputs: string[] }> {
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: root,
      ...(typeof entry === "string"
        ? { entryPoints: [entry] }
        : { stdin: { ...entry, resolveDir: root, loader: "ts" } }),
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    assert.equal(outputFiles.length, 1, "one file, nothing loaded later");
    return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
  } finally {
    await stop();
  }
}

describe("bundled for the edge", () => {
  for (const entry of ["examples/edge-manifest.ts", "src/edge.ts"]) {
    it(`${entry} holds no node: module, no WebAssembly and no package`, async () => {
      const { code, inputs } = await bundle(entry);
      assert.doesNotMatch(code, /(?:from|import|require\()\s*\(?["']node:/);
      assert.doesNotMatch(code, /WebAssembly|import\(/);
      assert.deepEqual(inputs.filter((path) => path.includes("node_modules")), []);
    });
  }

  it(`the edge function has at most ${most} bytes of gzip`, async () => {
    const { code } = await bundle("examples/edge-manifest.ts");
    const size = gzipSync(code, { level: 9 }).byteLength;
    assert.ok(size <= most, `${size} bytes`);
  });

  it(`with all keychains that need only fetch it has at most ${mostWithKeychains}`, async () => {
    const { code, inputs } = await bundle({ contents: withKeychains });
    for (const name of ["acr", "ecr", "github", "google", "pull_secrets", "config_document"]) {
      assert.ok(inputs.includes(`src/keychain/${name}.ts`), name);
    }
    const size = gzipSync(code, { level: 9 }).byteLength;
    assert.ok(size <= mostWithKeychains, `${size} bytes`);
  });
});
