/** Programs of others that talk to our server, and a server for them to talk to. */

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { listen } from "../../src/server/node.ts";
import { memory, type Target } from "../../src/content/mod.ts";
import { layouts } from "../../src/layout/mod.ts";
import { storageOf } from "../../src/cli/support/serve/storage.ts";
import { store } from "../../src/store/mod.ts";
import { server, type ServerOptions } from "../../src/server/mod.ts";

const places = (process.env["PATH"] ?? "").split(delimiter);

/** Option for `describe`: a peer that is missing is said to be, and is an error in CI. */
export function needs(program: string): { skip: string | false } {
  if (find(program)) return { skip: false };
  if (process.env["CI"]) throw new Error(`CI needs ${program}`);
  return { skip: `${program} is not installed here` };
}

function find(program: string): string | undefined {
  return places.map((place) => join(place, program)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a program to its end and gives what it printed; an exit code other than 0 is an error. */
export function run(program: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // No configuration and no credentials of whoever runs the tests.
    const env = { PATH: places.join(delimiter), HOME: "/nonexistent", TMPDIR: tmpdir() };
    const child = spawn(find(program) ?? program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => stdout += chunk);
    child.stderr.on("data", (chunk) => stderr += chunk);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(stdout.trim());
      else reject(new Error(`${program} ${args.join(" ")}: exit code ${code}: ${stderr}`));
    });
  });
}

/** What peers are let loose on. */
export interface Place {
  /** Host and port. */
  host: string;
  /** A directory that goes away afterwards. */
  directory: string;
  /** The requests so far: method, path and query, status. */
  log: string[];
  /** A repository of the server. */
  repository: (name: string) => Target;
  /** What answers the requests. */
  handler: (request: Request) => Promise<Response>;
}

/** Where a registry keeps its repositories. */
export interface Storage extends Partial<ServerOptions> {
  repository: (name: string) => Target;
  names: () => AsyncIterable<string>;
}

/** The kinds of storage that peers meet. */
export const storages: Record<
  "memory" | "layouts" | "disk",
  (directory: string) => Storage | Promise<Storage>
> = {
  memory: () => {
    const repositories = new Map<string, Target>();
    const repository = (name: string) => {
      const found = repositories.get(name) ?? memory();
      repositories.set(name, found);
      return found;
    };
    const names = async function* () {
      yield* repositories.keys();
    };
    return { repository, names };
  },
  layouts: (directory) => {
    const repository = layouts(join(directory, "registry"));
    return { repository, names: () => repository.repositories() };
  },
  // What `registry serve --disk` serves.
  disk: async (directory) => {
    const path = join(directory, "registry");
    const kept = await storageOf({ disk: path }, {}, () => {}, new AbortController().signal);
    const there = store(path);
    const repository = (name: string) => there.linked(name);
    return { ...kept, repository, names: () => there.linkedRepositories() };
  },
};

/** Serves a registry while `work` runs. Whatever makes it answer 500 is an error. */
export async function serving(
  work: (place: Place) => Promise<void>,
  storage: keyof typeof storages = "memory",
  more: (storage: Storage) => Partial<ServerOptions> = () => ({}),
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-interop-"));
  const opened = await storages[storage](directory);
  const { repository, names } = opened;
  const failures: unknown[] = [];
  const handler = server({
    repositories: repository,
    catalog: names,
    ...opened,
    onError: (error) => failures.push(error),
    ...more(opened),
  });
  const log: string[] = [];
  const listening = await listen(async (request) => {
    const response = await handler(request);
    const { pathname, search } = new URL(request.url);
    log.push(`${request.method} ${pathname}${decodeURIComponent(search)} ${response.status}`);
    return response;
  });
  try {
    await work({ host: new URL(listening.url).host, directory, log, repository, handler });
  } finally {
    await listening.close();
    await rm(directory, { recursive: true, force: true });
  }
  if (failures.length > 0) throw new Error("the server failed", { cause: failures[0] });
}
