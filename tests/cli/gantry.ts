/** Runs the command in processes of its own, against a registry in this one. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { listen } from "../../src/server/node.ts";
import { type Memory, memory, type Target } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, type Image, layer, openImage } from "../../src/image/mod.ts";
import { server } from "../../src/server/mod.ts";
import { formatJson } from "../../src/spec/json.ts";
import { type Descriptor, mediaTypes } from "../../src/spec/mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { scriptCommand } from "../support/spawn.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What a run of the command came to. */
export interface Ran {
  /** The exit code; null when a signal ended it. */
  code: number | null;
  /** What it printed, each byte as one character. */
  stdout: string;
  /** What it said besides. */
  stderr: string;
  /** The lines that tell of blobs and manifests that are done. They went to standard error too. */
  progress: string[];
}

/** Lines of progress are for people; what went wrong is not among them. */
const progressLine = /^(?:existing|mounted|pulled|pushed) (?:blob|manifest): sha256:.*\n/gm;

/** What a run printed that went well and said nothing else. */
export function printed({ code, stdout, stderr }: Ran): string {
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

/** Starts the command, with nothing of whoever runs the tests but the path. */
export function start(
  args: readonly string[],
  options: { directory: string; env?: Record<string, string>; input?: string | Uint8Array },
): { child: ChildProcess; ended: Promise<Ran> } {
  const [program, ...before] = scriptCommand();
  const child = spawn(program!, [...before, main, ...args], {
    cwd: options.directory,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      // Deno finds its cache here.
      HOME: process.env["HOME"] ?? "",
      ...(process.env["DENO_DIR"] !== undefined && { DENO_DIR: process.env["DENO_DIR"] }),
      XDG_STATE_HOME: join(options.directory, "state"),
      DOCKER_CONFIG: join(options.directory, "docker"),
      XDG_CONFIG_HOME: join(options.directory, "config"),
      XDG_RUNTIME_DIR: join(options.directory, "run"),
      XDG_DATA_HOME: join(options.directory, "data"),
      NO_COLOR: "1",
      NODE_NO_WARNINGS: "1",
      ...options.env,
    },
  });
  child.stdin?.on("error", () => {}); // a command that fails need not read all
  child.stdin?.end(options.input);
  let [stdout, stderr] = ["", ""];
  child.stdout!.on("data", (chunk: Uint8Array) => stdout += Buffer.from(chunk).toString("latin1"));
  child.stderr!.on("data", (chunk: Uint8Array) => stderr += Buffer.from(chunk).toString("utf8"));
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const progress = (stderr.match(progressLine) ?? []).map((line) => line.trimEnd());
      resolve({ code, stdout, stderr: stderr.replace(progressLine, ""), progress });
    });
  });
  return { child, ended };
}

/** A registry in memory, a directory, and the command to run on them. */
export interface RegistryFixture {
  /** Host and port of the registry. */
  host: string;
  /** A directory that goes away afterwards, in which the command runs. */
  directory: string;
  /** A repository of the registry. */
  repository: (name: string) => Memory;
  /** The requests so far: method, path and query, status. */
  log: string[];
  /** Runs the command to its end. */
  gantry: (...args: string[]) => Promise<Ran>;
  /** The same with something on standard input. */
  given: (input: string | Uint8Array, ...args: string[]) => Promise<Ran>;
}

/** Serves a registry in memory while `work` runs. `answer` may stand between it and the command. */
export async function withRegistry(
  work: (fixture: RegistryFixture) => Promise<void>,
  answer: (request: Request, next: (request: Request) => Promise<Response>) => Promise<Response> = (
    request,
    next,
  ) => next(request),
): Promise<void> {
  const repositories = new Map<string, Memory>();
  const repository = (name: string) => {
    const found = repositories.get(name) ?? memory();
    repositories.set(name, found);
    return found;
  };
  const handler = server({
    repositories: repository,
    async *catalog() {
      yield* [...repositories.keys()].sort();
    },
  });
  const log: string[] = [];
  const listening = await listen(async (request) => {
    const response = await answer(request, handler);
    const { pathname, search } = new URL(request.url);
    log.push(`${request.method} ${pathname}${decodeURIComponent(search)} ${response.status}`);
    return response;
  });
  const directory = await mkdtemp(join(tmpdir(), "gantry-cli-"));
  const { host } = new URL(listening.url);
  const gantry = (...args: string[]) => start(args, { directory }).ended;
  const given = (input: string | Uint8Array, ...args: string[]) => start(args, { directory, input }).ended;
  try {
    await work({ host, directory, repository, log, gantry, given });
  } finally {
    await listening.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** An image of one layer with one file, compressed as `crane validate` wants it. */
export function imageOf(text: string, architecture = "amd64"): Image {
  const bytes = new TextEncoder().encode(text);
  const tar = () =>
    writeTar([{ type: "file", path: "file", size: bytes.length, readable: new Blob([bytes]).stream() }]);
  return emptyImage({ os: "linux", architecture }).append(
    layer(tar, { compression: "gzip", engine: "node:zlib" }),
  ).configure({ cmd: ["/file"] });
}

/** Puts an index of images for two platforms into a repository. */
export async function writeIndex(target: Target, name: string): Promise<Descriptor> {
  const manifests: Descriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const { descriptor } = await copy(imageOf(`for ${architecture}`, architecture), target);
    const { mediaType, digest, size } = descriptor;
    manifests.push({ mediaType, digest, size, platform: { os: "linux", architecture } });
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  return await writeDocument(target, index, name);
}

/** Writes a manifest or an index. */
export async function writeDocument(
  target: Target,
  document: { mediaType?: string | undefined },
  name?: string,
): Promise<Descriptor> {
  const bytes = formatJson(document);
  const { descriptor } = await target.write({
    mediaType: document.mediaType!,
    replayable: true,
    open: () => Promise.resolve(new Blob([bytes]).stream()),
  }, { role: "manifest", name });
  return descriptor;
}

/** The digest that a name stands for. */
export async function digestAt(target: Target, name: string): Promise<string> {
  return (await target.resolve(name)).descriptor.digest;
}

/** The raw manifest of an image in a repository, as a string. */
export async function manifestAt(target: Target, name: string): Promise<string> {
  return new TextDecoder().decode((await target.resolve(name, { document: true })).document);
}

/** The raw config of an image in a repository, as a string. */
export async function configAt(target: Target, name: string): Promise<string> {
  return new TextDecoder().decode(await (await openImage(target, name)).rawConfigFile());
}
