import type { CopyEvent } from "../copy/mod.ts";
import type { Platform } from "../spec/platform.ts";
import { fetchTransport, type Registries, registries } from "../registry/mod.ts";
import { progressLine } from "./progress.ts";
import { directorySessions, uploadsDirectory } from "./sessions.ts";
import { unverifiedTransport } from "./transport.ts";
import { verbose } from "./verbose.ts";
import { version } from "./version.ts";

/** What the command touches of the world around it. */
export interface World {
  /** Results go here. */
  stdout: Output;
  /** Errors and progress go here. */
  stderr: Output;
  env: Record<string, string | undefined>;
  /** Ends what the command does. */
  signal: AbortSignal;
}

/** A standard stream. */
export interface Output {
  write(data: string | Uint8Array, done: (error?: Error | null) => void): unknown;
  isTTY?: boolean;
}

/** Options of every command. */
export interface Globals {
  allowNondistributableArtifacts?: boolean;
  insecure?: boolean;
  platform?: Platform | "all";
  verbose?: boolean;
}

/** What one transfer is told; the word under which it can be continued is the same for all. */
export interface Transfer {
  session: string;
  foreign: boolean;
  signal: AbortSignal;
  registry: Registries;
  progress?: (event: CopyEvent) => void;
}

/** What commands share. */
export class Cli {
  readonly world: World;
  readonly #globals: () => Globals;
  #registry: Registries | undefined;

  constructor(world: World, globals: () => Globals) {
    this.world = world;
    this.#globals = globals;
  }

  get signal(): AbortSignal {
    return this.world.signal;
  }

  /** The platform asked for; all of them, or the usual one, without. */
  get platform(): Platform | undefined {
    const { platform } = this.#globals();
    return platform === "all" ? undefined : platform;
  }

  /** The way to registries, one for all that the command does. */
  get registry(): Registries {
    return this.#registry ??= this.#connect();
  }

  /** How something is copied; `verb` says in one word what happens to each blob that moves. */
  transfer(verb: string): Transfer {
    return {
      session: "gantry-cli",
      foreign: this.#globals().allowNondistributableArtifacts ?? false,
      signal: this.signal,
      registry: this.registry,
      ...(this.world.stderr.isTTY && {
        progress: (event: CopyEvent) => {
          const line = progressLine(event, verb);
          if (line) void this.log(line);
        },
      }),
    };
  }

  /** Writes to standard output, as fast as it is read. */
  print(data: string | Uint8Array): Promise<void> {
    return write(this.world.stdout, data);
  }

  /** Writes a line to standard error. */
  log(line: string): Promise<void> {
    return write(this.world.stderr, `${line}\n`);
  }

  #connect(): Registries {
    const { insecure, verbose: dumps } = this.#globals();
    const transport = insecure ? unverifiedTransport() : fetchTransport();
    return registries({
      insecure,
      transport: dumps ? verbose(transport, (line) => void this.log(line)) : transport,
      sessions: directorySessions(uploadsDirectory(this.world.env)),
      userAgent: `gantry/${version}`,
    });
  }
}

function write(output: Output, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(data, (error) => error ? reject(error) : resolve());
  });
}
