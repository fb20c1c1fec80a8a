/**
 * crane's command lines that edit, run by both programs against one registry: what they print, their exit codes, and what is
 * in the registry afterwards are the same, unless the row says what differs and why.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { registry } from "../../mod.ts";
import { Image, openRoot, validate } from "../../src/image/mod.ts";
import { layerTar } from "../archive/support.ts";
import { type Ran, start } from "../cli/gantry.ts";
import { type DockerRegistry, startDockerRegistry } from "./docker_registry.ts";
import { needs } from "./server_peers.ts";

/**
 * A command line; `HOST` is the registry, `OUT` a repository of the program's own and `OWN` a tag, `DIGEST` that of
 * `HOST/app:v1`.
 */
interface Row {
  line: string;
  /** Standard input. */
  input?: string;
  /**
   * What of it differs: the bytes of layers that are compressed here (`layers`), the digest for another reason
   * (`document`), or all of it, as only one of them does it (`gantry does`, `crane does`).
   */
  differs?: "layers" | "document" | "gantry does" | "crane does";
  /** Why. */
  why?: string;
}

const noArtifactType =
  "crane calls the type of an image's config its artifactType, which the specification keeps for artifacts";
const rows: Row[] = [
  { line: "append -f b.tar.gz -t OUT:v1" },
  {
    line: "append -f b.tar.zst -t OUT:v1",
    differs: "document",
    why: "crane says gzip of a zstd layer in a Docker image",
  },
  { line: "append --oci-empty-base -f b.tar.gz -t OUT:v1" },
  { line: "append --oci-empty-base -f b.tar.zst -t OUT:v1" },
  { line: "append -f a.tar -t OUT:v1", differs: "layers" },
  { line: "append -b HOST/app:v1 -f b.tar.gz -t OUT:v1" },
  { line: "append -b HOST/app:v1 -f b.tar.gz,b.tar.gz -f b.tar.gz -t OUT:v1" },
  { line: "append -b HOST/app:v1 -f b.tar.gz -t OUT:v1 --set-base-image-annotations" },
  { line: "append -b HOST/app@DIGEST -f b.tar.gz -t OUT:v1 --set-base-image-annotations" },
  { line: "append -b HOST/multi:v1 --platform linux/arm64/v8 -f b.tar.gz -t OUT:v1" },
  {
    line: "append -b HOST/multi:v1 -f b.tar.gz -t OUT:v1",
    differs: "document",
    why: "crane takes linux/amd64 of an index, Gantry all that is in it",
  },
  { line: "append -b HOST/app:v1 -f b.tar.gz -t OUT:v1 -o out-OUT.tar" },
  { line: "append -b HOST/none:v1 -f b.tar.gz -t OUT:v1" },
  { line: "append -f none.tar -t OUT:v1" },
  { line: "append -t OUT:v1" },
  {
    line: "append -b HOST/windows:v1 -f a.tar -t OUT:v1",
    differs: "document",
    why: "Go calls the header blocks of PAX otherwise; the entries are the same",
  },
  { line: "mutate HOST/app:v1 -t OUT:v1 -l a=b" },
  { line: "mutate HOST/app:v1 -t OUT:v1 -l a=b,c=d -l e=f -a x=y" },
  { line: "mutate HOST/app:v1 -t OUT:v1 -e A=1 -e B=2,3 -e PATH=/x" },
  { line: "mutate HOST/app:v1 -t OUT:v1 --entrypoint /bin/sh,-c --cmd one,two" },
  { line: "mutate HOST/app:v1 -t OUT:v1 --entrypoint /bin/sh" },
  { line: "mutate HOST/app:v1 -t OUT:v1 --cmd x" },
  { line: "mutate HOST/app:v1 -t OUT:v1 -u 1000 -w /w --exposed-ports 80/tcp,443/tcp" },
  { line: "mutate HOST/app:v1 -t OUT:v1 --set-platform linux/arm64/v8" },
  { line: "mutate HOST/app:v1 -t OUT:v1 --append b.tar.gz" },
  { line: "mutate HOST/app@DIGEST -t OUT:v1 -l a=b" },
  { line: "mutate HOST/app@DIGEST --repo OUT -l a=b" },
  { line: "mutate HOST/app:v1 -l a=b -o out-OUT.tar" },
  { line: "mutate HOST/app:v1 -t OUT:v1" },
  { line: "mutate HOST/windows:v1 -t OUT:v1 -e new=1" },
  {
    line: "mutate HOST/windows:v1 -t OUT:v1 -e Path=x",
    differs: "document",
    why: "crane adds PATH where it is set already",
  },
  { line: "mutate HOST/multi:v1 --platform linux/arm64/v8 -t OUT:v1 -l a=b" },
  {
    line: "mutate HOST/multi:v1 -t OUT:v1 -l a=b",
    differs: "document",
    why: "crane takes linux/amd64 of an index, Gantry all that is in it",
  },
  { line: "mutate HOST/multi:v1 -t OUT:v1 -a a=b", differs: "gantry does", why: "crane annotates no index" },
  { line: "mutate HOST/app:v1 -t OUT:v1 -e novalue" },
  { line: "mutate HOST/app:v1 -t OUT:v1 -l novalue" },
  { line: "mutate HOST/none:v1 -t OUT:v1 -l a=b" },
  { line: "rebase HOST/app:v1 --old_base HOST/base:v1 --new_base HOST/base:v2 -t OUT:v1" },
  { line: "rebase HOST/noted:v1 -t OUT:v1" },
  { line: "rebase HOST/app:v1 --old_base HOST/base:v2 --new_base HOST/base:v1 -t OUT:v1" },
  { line: "rebase HOST/app:v1 -t OUT:v1" },
  {
    line: "rebase HOST/multi:v1 --old_base HOST/base:v1 --new_base HOST/base:v2 -t OUT:v1",
    differs: "gantry does",
    why: "crane rebases no index without --platform",
  },
  { line: "index append -m HOST/base:v1 -t OUT:v1", differs: "document", why: noArtifactType },
  { line: "index append HOST/multi:v1 -m HOST/app:v1 -t OUT:v1", differs: "document", why: noArtifactType },
  { line: "index append HOST/multi:v1 -m HOST/multi:v1 -t OUT:v1" },
  { line: "index append HOST/multi:v1 -m HOST/multi:v1 --flatten=false -t OUT:v1" },
  { line: "index append --docker-empty-base -m HOST/multi:v1 -t OUT:v1" },
  { line: "index append -m HOST/app:v1" },
  { line: "index append HOST/none:v1 -m HOST/app:v1 -t OUT:v1" },
  { line: "index filter HOST/multi:v1 --platform linux/amd64 -t OUT:v1" },
  { line: "index filter HOST/multi:v1 --platform linux/amd64 --platform linux/arm64 -t OUT:v1" },
  { line: "index filter HOST/multi:v1 --platform linux -t OUT:v1" },
  {
    line: "index filter HOST/multi:v1 --platform windows -t OUT:v1",
    differs: "crane does",
    why: "an index of nothing, whose list is null, is of no use to anybody",
  },
  { line: "index filter HOST/app:v1 --platform linux -t OUT:v1" },
  { line: "index list HOST/multi:v1" },
  { line: "index list HOST/app:v1" },
  { line: "edit config HOST/app:v1 -t HOST/app:OWN", input: "CONFIG" },
  { line: "edit config HOST/app:v1 -t HOST/app:OWN", input: "{}" },
  {
    line: "edit config HOST/app:v1 -t HOST/app:OWN",
    input: "nonsense",
    differs: "crane does",
    why: "it is no config",
  },
  {
    line: "edit config HOST/app:v1 -t HOST/app:OWN",
    input: "null",
    differs: "crane does",
    why: "it is no config",
  },
  {
    line: "edit config HOST/app:v1 -t OUT:v1",
    input: "CONFIG",
    differs: "gantry does",
    why: "crane leaves the layers behind when it writes to another repository",
  },
  { line: "edit manifest HOST/app:v1 -t HOST/app:OWN", input: "MANIFEST" },
  { line: "edit manifest HOST/app:v1 -t HOST/app:OWN", input: "nonsense" },
  {
    line: "edit fs HOST/app:v1 -f /file -t OUT:v1",
    input: "new",
    differs: "document",
    why: "crane forgets the mode and the owner of the file, and begins its name with a slash",
  },
  { line: "edit fs HOST/app:v1 -t OUT:v1", input: "new" },
  { line: "validate --remote HOST/app:v1" },
  { line: "validate --remote HOST/app:v1 --fast" },
  { line: "validate --remote HOST/multi:v1" },
  { line: "validate --tarball saved.tar" },
  { line: "validate" },
  { line: "digest --tarball saved.tar" },
  { line: "digest --tarball saved.tar none:v1" },
  { line: "push saved.tar OUT:v1" },
  { line: "pull -c cache HOST/app:v1 out-OUT.tar" },
  { line: "layout gc nowhere" },
];

let server: DockerRegistry, directory: string, digest: string, inputs: Record<string, string>;

function run(program: "crane" | "gantry", line: string, input = ""): Promise<Ran> {
  const args = line.split(" ");
  if (program === "gantry") return start(args, { directory, input }).ended;
  const child = spawn("crane", args, {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: directory },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Uint8Array) => stdout += new TextDecoder("latin1").decode(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => stderr += new TextDecoder("latin1").decode(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr, progress: [] }));
  });
}

async function prepare(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "gantry-edits-"));
  server = await startDockerRegistry();
  const write = async (name: string, bytes: Uint8Array) => await writeFile(join(directory, name), bytes);
  await write("a.tar", await layerTar("a"));
  await write("b.tar.gz", gzipSync(await layerTar("b")));
  await write("b.tar.zst", zstdCompressSync(await layerTar("b")));
  await write("c.tar.gz", gzipSync(await layerTar("c")));
  const { host } = server;
  const make = async (line: string) => {
    const { code, stderr } = await run("crane", line.replaceAll("HOST", host));
    assert.equal(code, 0, `${line}: ${stderr}`);
  };
  for (const [name, tar] of [["v1", "b"], ["v2", "c"]]) {
    await make(`append -f ${tar}.tar.gz -t HOST/base:${name}`);
    await make(`mutate HOST/base:${name} --set-platform linux/amd64 -e PATH=/bin -t HOST/base:${name}`);
  }
  await make("append -b HOST/base:v1 -f c.tar.gz -t HOST/app:v1");
  await make("append -b HOST/base:v1 -f c.tar.gz -t HOST/noted:v1 --set-base-image-annotations");
  await make("mutate HOST/app:v1 --set-platform linux/arm64/v8 -t HOST/app:arm");
  await make("mutate HOST/base:v1 --set-platform windows/amd64 -t HOST/windows:v1");
  await make("index append -m HOST/app:v1 -m HOST/app:arm -t HOST/multi:v1");
  await make("pull HOST/app:v1 saved.tar");
  digest = (await run("crane", `digest ${host}/app:v1`)).stdout.trim();
  const manifest = (await run("crane", `manifest ${host}/app:v1`)).stdout;
  const config = (await run("crane", `config ${host}/app:v1`)).stdout;
  inputs = {
    MANIFEST: manifest.replace("{", `{ "x-own":1,`),
    CONFIG: config.replace("{", `{ "author":"me",`),
  };
}

/** What is in a repository after it: raw manifests, and where layers differ what they unpack to. */
async function found(repository: string, name: string, by: "bytes" | "content"): Promise<unknown> {
  const source = registry(`${server.host}/${repository}`, { insecure: true });
  const root = await openRoot(source, name).catch(() => undefined);
  if (!root) return undefined;
  assert.deepEqual(
    (await validate(root)).map(({ code }) => code).filter((code) => code !== "invalid-document"),
    [],
  );
  if (by === "bytes") return new TextDecoder().decode(await root.rawManifest());
  assert.ok(root instanceof Image);
  const { created_by: _, author: __, ...rest } = (await root.config()).history?.at(-1) ?? {};
  const { config, rootfs, architecture, os } = await root.config();
  const types = (await root.manifest()).layers.map(({ mediaType }) => mediaType);
  return {
    mediaType: await root.mediaType(),
    types,
    config,
    diffIDs: rootfs.diff_ids,
    architecture,
    os,
    last: rest,
  };
}

describe("crane's command lines that edit", needs("crane"), () => {
  before(prepare);
  after(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  for (const [i, { line, input, differs, why }] of rows.entries()) {
    const title = `${line}${input === undefined ? "" : ` < ${input}`}${
      differs ? ` (differs: ${differs}${why ? `, ${why}` : ""})` : ""
    }`;
    it(title, async () => {
      const ran: Record<string, Ran> = {};
      for (const program of ["crane", "gantry"] as const) {
        const filled = line.replaceAll("out-OUT", `out-${program}-${i}`)
          .replaceAll("OUT", `${server.host}/${program}-${i}`).replaceAll("HOST", server.host).replaceAll(
            "DIGEST",
            digest,
          );
        ran[program] = await run(program, filled, inputs[input ?? ""] ?? input);
      }
      const [theirs, ours] = [ran["crane"]!, ran["gantry"]!];
      const codes = differs === "gantry does"
        ? [1, 0]
        : differs === "crane does"
        ? [0, 1]
        : [theirs.code, theirs.code];
      assert.deepEqual([theirs.code, ours.code], codes, `${theirs.stderr}\n${ours.stderr}`);
      if (differs === "gantry does" || differs === "crane does") return;
      const masked = ({ stdout }: Ran) => {
        const named = stdout.replaceAll(/(?:crane|gantry)-\d+/g, "OUT");
        return differs ? named.replaceAll(/sha256:[0-9a-f]{64}/g, "DIGEST") : named;
      };
      if (theirs.code === 0) assert.equal(masked(ours), masked(theirs));
      else assert.equal(ours.stdout === "", theirs.stdout === "");
      if (differs === "document" || !/OUT|OWN/.test(line)) return;
      const printed = differs ? undefined : /@(sha256:[0-9a-f]{64})/.exec(ours.stdout)?.[1];
      const [mine, other] = await Promise.all(["gantry", "crane"].map((program) => {
        const own = `${program}-${i}`;
        return line.includes("OWN")
          ? found("app", own, "bytes")
          : found(own, printed ?? "v1", differs === "layers" ? "content" : "bytes");
      }));
      assert.deepEqual(mine, other);
    });
  }
});
