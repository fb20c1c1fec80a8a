import { type Bytes, readAll } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { ifFound } from "../content/if_found.ts";
import { GantryError } from "../errors.ts";
import type { Transport, TransportRequest } from "../http/transport.ts";
import { parseJson } from "../spec/json.ts";
import { connect, type Connection, type DaemonOptions } from "./connect.ts";
import { loadedNames } from "./load_messages.ts";

/** The most bytes of an answer that is read whole, a list of images among them. */
const answerLimit = 64 * 1024 * 1024;

/** An image that an engine has. */
export interface DaemonImage {
  /** Its ID: the digest of its config, or of its manifest where the engine keeps images as containerd does. */
  id: string;
  /** Its names. */
  names: readonly string[];
}

/**
 * A Docker engine, or what speaks like it: podman's service. Nothing is sent before the first call.
 *
 * @example
 * ```ts
 * import { daemon } from "@gantry/oci/daemon";
 *
 * const engine = daemon({ host: "unix:///var/run/docker.sock" });
 * await engine.images().catch((error) => console.log(error.code)); // unavailable, where none is running
 * ```
 */
export function daemon(options: DaemonOptions = {}): Daemon {
  return new Daemon(connect(options));
}

/** An engine, as {@link daemon} reaches it. */
export class Daemon {
  readonly #transport: Transport;
  readonly #connection: Connection;

  /** For {@link daemon}. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#transport = connection.transport;
  }

  /** Where it is. */
  get host(): string {
    return this.#connection.host;
  }

  /** All images that have a name or a container. */
  async images(options: Options = {}): Promise<DaemonImage[]> {
    const what = this.#what("list images");
    const found = await this.#json<{ Id: string; RepoTags?: string[] | null }[]>(
      what,
      "/images/json",
      options,
    );
    if (!Array.isArray(found)) throw new GantryError("invalid-document", `${what}: there is no list`);
    return found.map(({ Id: id, RepoTags: names }) => ({
      id,
      // What Docker shows for an image without a name.
      names: (names ?? []).filter((name) => name !== "<none>:<none>"),
    }));
  }

  /** The ID of an image that has a name or an ID; undefined where there is none. */
  async find(name: string, options: Options = {}): Promise<string | undefined> {
    const what = this.#what(`find ${JSON.stringify(name)}`);
    return (await ifFound(this.#json<{ Id?: string }>(what, `/images/${pathOf(name)}/json`, options)))?.Id;
  }

  /** The platform on which it runs containers. */
  async platform(options: Options = {}): Promise<{ os: string; architecture: string }> {
    const what = this.#what("ask for the platform");
    const { Os: os, Arch: architecture } = await this.#json<{ Os: string; Arch: string }>(
      what,
      "/version",
      options,
    );
    return { os, architecture };
  }

  /**
   * Images as one tar, as `docker save` writes it, while the engine makes it.
   *
   * @throws {GantryError} `not-found` for names that it does not have.
   */
  async save(names: readonly string[], options: Options = {}): Promise<ReadableStream<Bytes>> {
    const query = new URLSearchParams(names.map((name) => ["names", name]));
    const what = this.#what(`save ${names.map((name) => JSON.stringify(name)).join(", ")}`);
    const response = await this.#send(what, { method: "GET", path: `/images/get?${query}`, ...options });
    return response.body as ReadableStream<Bytes>;
  }

  /**
   * Loads the images in a tar, as `docker load` does, and tells their names, or the IDs of those without.
   *
   * @throws {GantryError} `unsupported` when the engine refuses the tar.
   */
  async load(tar: ReadableStream<Bytes>, options: Options = {}): Promise<string[]> {
    const what = this.#what("load");
    const body = { mediaType: "application/x-tar", replayable: false, open: () => Promise.resolve(tar) };
    const response = await this.#send(what, {
      method: "POST",
      path: "/images/load?quiet=1",
      body,
      ...options,
    });
    const told = await readAll(response.body as ReadableStream<Bytes>, { limit: answerLimit, what });
    return loadedNames(told, what);
  }

  /** Gives an image one more name, `repository:tag`. */
  async tag(image: string, name: string, options: Options = {}): Promise<void> {
    const [, repo, tag = "latest"] = /^(.+?)(?::([^:/]+))?$/.exec(name) ?? [];
    const query = new URLSearchParams({ repo: repo ?? name, tag });
    const what = this.#what(`tag ${JSON.stringify(name)}`);
    const path = `/images/${pathOf(image)}/tag?${query}`;
    await (await this.#send(what, { method: "POST", path, ...options })).body?.cancel();
  }

  async #json<T>(what: string, path: string, options: Options): Promise<T> {
    const response = await this.#send(what, { method: "GET", path, ...options });
    const bytes = await readAll(response.body as ReadableStream<Bytes>, { limit: answerLimit, what });
    return parseJson(bytes, what, { bytes: answerLimit }) as T;
  }

  async #send(
    what: string,
    { path, ...request }: Omit<TransportRequest, "url" | "headers"> & { path: string },
  ): Promise<Response> {
    const headers = new Headers(request.body ? { "content-type": "application/x-tar" } : {});
    let response: Response;
    try {
      response = await this.#transport({ ...request, url: `${this.#connection.url}${path}`, headers });
    } catch (error) {
      request.signal?.throwIfAborted();
      if (GantryError.is(error)) throw error;
      throw new GantryError("unavailable", `${what}: ${reasonOf(error)}`, { cause: error });
    }
    if (response.ok) return response;
    throw await refusal(what, response);
  }

  #what(action: string): string {
    return `${action} in the Docker engine at ${this.host}`;
  }
}

/** A name in a path: slashes and colons stay, as the engine's router wants them. */
function pathOf(name: string): string {
  return encodeURIComponent(name).replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%40", "@");
}

async function refusal(what: string, response: Response): Promise<GantryError> {
  const body = response.body as ReadableStream<Bytes> | null;
  const bytes = body ? await readAll(body, { limit: 65_536, what }).catch(() => undefined) : undefined;
  let reason = `it answered ${response.status}`;
  try {
    const { message } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof message === "string") reason = message.trim();
  } catch {
    // A proxy in between, perhaps: the status must do.
  }
  const code = response.status === 404 ? "not-found" : response.status >= 500 ? "unavailable" : "unsupported";
  return new GantryError(code, `${what}: ${reason}`);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ENOENT" || code === "ECONNREFUSED") {
    return "nobody listens there, is it running? DOCKER_HOST names another";
  }
  if (code === "EACCES" || code === "EPERM") return "this user may not talk to it";
  return message ?? String(error);
}
