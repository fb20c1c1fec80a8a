import type { Command } from "commander";
import { type Memory, memory, type Target } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { layouts } from "../layout/mod.ts";
import { server, type ServerOptions } from "../server/mod.ts";
import type { Cli } from "./cli.ts";
import { listen } from "../server/node.ts";

interface ServeFlags {
  address?: string;
  disk?: string;
}

/** Adds `gantry registry serve`. */
export function addRegistry(program: Command, cli: Cli): void {
  const registry = program.command("registry")
    .description("serve a registry")
    .action(() => registry.help());
  registry.command("serve")
    .description("serve a registry until the process is ended")
    .option(
      "--address <address>",
      "[HOST]:PORT; unless told, $PORT of all addresses, or a free port of this machine alone",
    )
    .option("--disk <directory>", "where to keep images; in memory unless told")
    .action((flags: ServeFlags) => serve(flags, cli));
}

async function serve(flags: ServeFlags, cli: Cli): Promise<void> {
  const { disk } = flags;
  const listening = await listen(
    server({
      ...(disk === undefined ? inMemory() : onDisk(disk)),
      onError: (error, { method, url }) => {
        const reason = error instanceof Error ? error.message : String(error);
        void cli.log(`${method} ${new URL(url).pathname}: ${reason.replaceAll("\n", " ")}`);
      },
    }),
    addressOf(flags.address, cli.world.env["PORT"]),
  );
  if (disk !== undefined) await cli.log(`storing images in ${disk}`);
  await cli.log(`serving on port ${listening.port}`);
  await aborted(cli.signal);
  await listening.close();
}

function onDisk(directory: string): ServerOptions {
  const repositories = layouts(directory);
  return { repositories, catalog: () => repositories.repositories() };
}

function inMemory(): ServerOptions {
  const kept = new Map<string, Memory>();
  return {
    repositories(name) {
      const repository = kept.get(name) ?? memory();
      kept.set(name, repository);
      return repository;
    },
    async *catalog() {
      for (const [name, repository] of kept) if (await holdsSomething(repository)) yield name;
    },
  };
}

async function holdsSomething(repository: Target): Promise<boolean> {
  for await (const _ of repository.roots!()) return true;
  return false;
}

/** Where to listen. With $PORT alone all addresses, as hosting services want it. */
function addressOf(address: string | undefined, port = ""): { hostname: string; port: number } {
  const text = address ?? (port === "" ? "127.0.0.1:0" : `:${port}`);
  const [found, host = "", digits = ""] = /^(\[[0-9a-fA-F:]+\]|[^:[\]]*):(\d{1,5})$/.exec(text) ?? [];
  if (found === undefined || Number(digits) > 65535) {
    throw new GantryError("invalid-name", `serve on ${JSON.stringify(text)}: not HOST:PORT`);
  }
  return { hostname: host.replace(/^\[|\]$/g, "") || "0.0.0.0", port: Number(digits) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
