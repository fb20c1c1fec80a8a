import type { Options, Origin } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { digestBytes } from "../digest/hasher.ts";
import { algorithmOf, type Digest, isDigest } from "../spec/digest.ts";
import type { Answer } from "../http/response.ts";
import { type Action, repositoryScope } from "./scope.ts";
import type { Call, Wire } from "./client.ts";

/** Options of a request, and what its token must allow: `pull` unless told. */
export type ScopedOptions = Options & { scopes?: readonly string[] | undefined };

/** A repository, and the way to it. */
export class Place implements Origin {
  readonly wire: Wire;
  readonly registry: string;
  readonly repository: string;
  /** Leave to pull and push. */
  readonly push: readonly string[];

  constructor(wire: Wire, { registry, repository }: Origin) {
    this.wire = wire;
    this.registry = registry;
    this.repository = repository;
    this.push = [this.may("pull", "push")];
  }

  /** The scope that allows something here. */
  may(...actions: Action[]): string {
    return repositoryScope(this.repository, ...actions);
  }

  /** The name of something here, for messages: a tag or digest, or the repository itself. */
  name(name = ""): string {
    return `${this.registry}/${this.repository}${name && (name.includes(":") ? "@" : ":")}${name}`;
  }

  /** A request to the repository. What comes from outside is checked before it becomes part of a path. */
  request(
    method: Call["method"],
    path: string,
    call: Pick<Call, "what"> & ScopedOptions & Partial<Call>,
  ): Call {
    const to = { registry: this.registry, path: `/v2/${this.repository}/${path}` };
    return { ...call, method, to, scopes: call.scopes ?? [this.may("pull")] };
  }

  /** Sends it. */
  ask(...request: Parameters<Place["request"]>): Promise<Answer> {
    return this.wire.call(this.request(...request));
  }
}

/** Checks bytes in memory. */
export async function checkBytes(bytes: Uint8Array, digest: Digest, what: string): Promise<void> {
  const actual = await digestBytes(bytes, algorithmOf(digest));
  if (actual !== digest) throw new GantryError("digest-mismatch", `${what}: the bytes are ${actual}`);
}

/** Checks what a registry says that it has kept, if it says so. */
export function checkKept({ headers, what }: Answer, digest: Digest): void {
  const kept = headers.get("docker-content-digest") ?? "";
  if (isDigest(kept) && algorithmOf(kept) === algorithmOf(digest) && kept !== digest) {
    throw new GantryError("digest-mismatch", `${what}: the registry says it is ${kept}, not ${digest}`);
  }
}
