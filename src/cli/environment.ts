import type { Platform } from "../spec/platform.ts";

/** What the command gets from the process that runs it. */
export interface CommandEnvironment {
  /** Results go here. */
  stdout: Output;
  /** Errors and progress go here. */
  stderr: Output;
  env: Record<string, string | undefined>;
  /** Ends what the command does. */
  signal: AbortSignal;
  /** Milliseconds to clean up in after that. A command that needs more says so before. */
  patience: number;
  /** Waits between two tries, so that tests need not. Default: by the clock. */
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** A standard stream. */
export interface Output {
  write(data: string | Uint8Array, done: (error?: Error | null) => void): unknown;
  isTTY?: boolean;
}

/** Ends the command with exit code 1: it has said why. */
export class AlreadyTold extends Error {}

/** Writes to a standard stream. */
export function write(output: Output, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(data, (error) => error ? reject(error) : resolve());
  });
}

/** The options that every command has. */
export interface GlobalOptions {
  allowNondistributableArtifacts?: boolean;
  hosts?: readonly string[];
  insecure?: boolean;
  /** In the order in which they were given; most commands take the last. */
  platform?: readonly (Platform | "all")[];
  store?: string;
  /** Milliseconds. */
  timeout?: number;
  verbose?: boolean;
}
