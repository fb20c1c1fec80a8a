import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CredentialsRequest } from "../../src/content/credentials.ts";
import type { Transport, TransportRequest } from "../../src/http/transport.ts";
import { inDirectory } from "../support/directory.ts";

/** What a client asks for a repository. */
export function asked(registry: string, repository: string | undefined = "acme/app"): CredentialsRequest {
  return { registry, repository, actions: ["pull"] };
}

/** A home of its own, with nothing in it, and the environment of who lives there. */
export interface Home {
  directory: string;
  env: Record<string, string>;
  /** Writes a file there, and gives its path. */
  write(name: string, text: string): Promise<string>;
  read(name: string): Promise<string>;
  /** Makes a program that is found in `PATH`. */
  program(name: string, script: string): Promise<void>;
}

export function inHome(work: (home: Home) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name);
    const write = async (name: string, text: string) => {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), text);
      return path(name);
    };
    await work({
      directory,
      env: { HOME: directory, PATH: `${path("bin")}:/usr/bin:/bin`, XDG_RUNTIME_DIR: path("run") },
      write,
      read: (name) => readFile(path(name), "utf8"),
      program: async (name, script) =>
        await chmod(await write(`bin/${name}`, `#!/bin/sh\n${script}\n`), 0o755),
    });
  });
}

/**
 * Makes a helper that keeps what it is told to store in files of its directory, and writes down how it was called: what Docker's
 * own helpers do, as far as programs can tell.
 */
export async function makeHelper({ directory, program }: Home, name: string): Promise<void> {
  const kept = join(directory, `kept-${name}`);
  await mkdir(kept);
  await program(
    `docker-credential-${name}`,
    `cd '${kept}' || exit 3
input=$(cat)
echo "$1 $input" >> calls
file=$(printf '%s' "$input" | tr '/:' '__')
case "$1" in
  get) if [ -f "$file" ]; then cat "$file"; else echo "credentials not found in native keychain"; exit 1; fi ;;
  store) url=$(printf '%s' "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
    printf '%s' "$input" > "$(printf '%s' "$url" | tr '/:' '__')" ;;
  erase) if [ -f "$file" ]; then rm "$file"; else echo "credentials not found in native keychain"; exit 1; fi ;;
  *) exit 2 ;;
esac`,
  );
}

/** A request to a cloud, and what was in it. */
export interface Seen {
  method: string;
  url: string;
  headers: Headers;
  body: string;
}

/** A transport that answers from a function, and remembers. */
export function cloud(
  answer: (request: Seen) => unknown,
  status = 200,
): { transport: Transport; seen: Seen[] } {
  const seen: Seen[] = [];
  return {
    seen,
    transport: ({ method, url, headers, body }: TransportRequest) => {
      const one = { method, url, headers, body: new TextDecoder().decode(body as Uint8Array | undefined) };
      seen.push(one);
      const given = answer(one);
      return Promise.resolve(
        given instanceof Response ? given : new Response(JSON.stringify(given), { status }),
      );
    },
  };
}
