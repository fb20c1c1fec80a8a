import type { Clients } from "../places/scheme.ts";
import type { Registries } from "../registry/mod.ts";
import type { Platform } from "../spec/platform.ts";
import { daemonOptions } from "./support/daemon.ts";
import { type CommandEnvironment, type GlobalOptions, write } from "./environment.ts";

/** What commands share. */
export class CommandContext {
  readonly environment: CommandEnvironment;
  readonly #options: () => GlobalOptions;
  /** What to add when the command is stopped: how to go on. */
  advice: string | undefined;
  #registries: Promise<Registries> | undefined;

  constructor(environment: CommandEnvironment, options: () => GlobalOptions) {
    this.environment = environment;
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.environment.signal;
  }

  /** The options that every command has; they are known once the command line is parsed. */
  get options(): GlobalOptions {
    return this.#options();
  }

  /** The platform asked for; undefined for all of them, or the default one. */
  get platform(): Platform | undefined {
    const { platform } = this.options;
    return platform === "all" ? undefined : platform;
  }

  /** The client of registries, one for all that the command does. Commands without registries do not load it. */
  registries(): Promise<Registries> {
    return this.#registries ??= this.#connect();
  }

  /** What places are reached with. */
  async clients(): Promise<Clients> {
    return { registry: await this.registries(), daemon: daemonOptions(this.environment.env) };
  }

  /** Writes to standard output, as fast as it is read. */
  print(data: string | Uint8Array): Promise<void> {
    return write(this.environment.stdout, data);
  }

  /** Writes a value as a line of JSON to standard output. */
  printJson(value: unknown): Promise<void> {
    return this.print(`${JSON.stringify(value)}\n`);
  }

  /** Writes a line to standard error. */
  log(line: string): Promise<void> {
    return write(this.environment.stderr, `${line}\n`);
  }

  async #connect(): Promise<Registries> {
    const { connect } = await import("./support/registries.ts");
    const { insecure, verbose } = this.options;
    const log = (line: string) => void this.log(line);
    return await connect({ insecure, env: this.environment.env, log: verbose ? log : undefined });
  }
}
