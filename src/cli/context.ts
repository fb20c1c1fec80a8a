import { homedir } from "node:os";
import { join } from "node:path";
import type { Clients } from "../places/scheme.ts";
import type { CredentialsProvider } from "../content/credentials.ts";
import type { Registries } from "../registry/mod.ts";
import type { Platform } from "../spec/platform.ts";
import { daemonOptions } from "./support/daemon.ts";
import { s3Access } from "./support/s3.ts";
import { type CommandEnvironment, type GlobalOptions, write } from "./environment.ts";

/** What commands share. */
export class CommandContext {
  readonly environment: CommandEnvironment;
  readonly #options: () => GlobalOptions;
  /** What to add when the command is stopped: how to go on. */
  advice: string | undefined;
  /** What kept it from reading or asking for credentials, each thing once. */
  readonly problems: Set<string> = new Set();
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
    const last = this.options.platform?.at(-1);
    return last === "all" ? undefined : last;
  }

  /** All platforms asked for, for commands that take several; undefined for all that there are. */
  get platforms(): readonly Platform[] | undefined {
    const asked = this.options.platform?.filter((platform) => platform !== "all");
    return asked && asked.length === this.options.platform?.length ? asked : undefined;
  }

  /** The client of registries, one for all that the command does. Commands without registries do not load it. */
  registries(): Promise<Registries> {
    return this.#registries ??= this.connect();
  }

  /** A client of registries that logs in with these credentials. Default: those of the default keychain. */
  async connect(credentials?: CredentialsProvider): Promise<Registries> {
    const { connect } = await import("./support/registries.ts");
    const { insecure, timeout, hosts, verbose } = this.options;
    const log = (line: string) => void this.log(line);
    const onProblem = (error: unknown) =>
      void this.problems.add(error instanceof Error ? error.message : String(error));
    return await connect({
      insecure,
      timeout,
      hosts,
      env: this.environment.env,
      sleep: this.environment.sleep,
      credentials,
      onProblem,
      log: verbose ? log : undefined,
      warn: ({ host, text }) => log(`Warning: ${host}: ${text}`),
    });
  }

  /** Where the store is. */
  get storeDirectory(): string {
    const { env } = this.environment;
    const data = env["XDG_DATA_HOME"] || join(env["HOME"] || homedir(), ".local", "share");
    return this.options.store ?? join(data, "gantry", "store");
  }

  /** What places are reached with. */
  async clients(): Promise<Clients> {
    const { env } = this.environment;
    const registry = await this.registries();
    const where = this.storeDirectory;
    const inBucket = where.startsWith("s3://");
    // It has nothing open that would have to be closed.
    const store = inBucket ? await (await import("./support/open_store.ts")).openStore(where, env) : where;
    return { registry, daemon: daemonOptions(env), store, s3: s3Access(env) };
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
}
