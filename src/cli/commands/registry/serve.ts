import { type Command, InvalidArgumentError } from "commander";
import { type Memory, memory } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";
import { layouts } from "../../../layout/mod.ts";
import { server, type ServerOptions } from "../../../server/mod.ts";
import type { CommandContext } from "../../context.ts";
import { listen } from "../../../server/node.ts";

interface ServeFlags {
  address?: string;
  disk?: string;
  grace: number;
}

/** `gantry registry serve` */
export function define(command: Command, context: CommandContext): void {
  command
    .option(
      "--address <address>",
      "[HOST]:PORT (default: $PORT of all addresses, or without it a free port of this machine alone)",
    )
    .option("--disk <directory>", "where to keep images (default: in memory)")
    .option(
      "--grace <seconds>",
      "how long requests under way may go on when it is told to end",
      parseSeconds,
      10,
    )
    .action((flags: ServeFlags) => serve(flags, context));
}

async function serve(flags: ServeFlags, context: CommandContext): Promise<void> {
  const { disk, grace } = flags;
  context.environment.patience += grace * 1000;
  const listening = await listen(
    server({
      ...(disk === undefined ? inMemory() : onDisk(disk)),
      onError: (error, { method, url }) => {
        const reason = error instanceof Error ? error.message : String(error);
        void context.log(`${method} ${new URL(url).pathname}: ${reason.replaceAll("\n", " ")}`);
      },
    }),
    addressOf(flags.address, context.environment.env["PORT"]),
  );
  if (disk !== undefined) await context.log(`storing images in ${disk}`);
  await context.log(`serving on port ${listening.port}`);
  await aborted(context.signal);
  await listening.close({ grace });
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

async function holdsSomething(repository: Memory): Promise<boolean> {
  for await (const _ of repository.roots()) return true;
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

function parseSeconds(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of seconds.");
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
