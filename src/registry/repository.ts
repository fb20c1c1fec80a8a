import type { Options, Origin } from "../content/contracts.ts";
import { type DigestBytes, webDigest } from "../digest/subtle.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Client } from "./client.ts";
import type { Existence } from "./existence.ts";
import type { FoundBlobs } from "./found_blobs.ts";
import type { SignedPart } from "./manifest_digest.ts";
import type { RegistryRequest } from "./request.ts";
import { type Action, repositoryScope } from "./scope.ts";

/** Options of a request, and what its token must allow. Default: `pull`. */
export type ScopedOptions = Options & { scopes?: readonly string[] | undefined };

/** A repository of a registry, and the client that reaches it. */
export class Repository {
  readonly client: Client;
  readonly registry: string;
  /** Its name, without the registry. */
  readonly name: string;
  /** The scopes for pulling and pushing. */
  readonly pushScopes: readonly string[];
  /** Whether it is there at all, for who writes. */
  existence: Existence | undefined;
  /** Finds what digests of signed manifests are about, for who takes those; an edge function need not carry it. */
  signedPart: SignedPart | undefined;
  /** Hashes manifests. An edge function has Web Crypto for that, and need not carry the table of engines. */
  digestBytes: DigestBytes = webDigest;
  /** The blobs that writes found in it, where anything is written. */
  foundBlobs: FoundBlobs | undefined;

  constructor(client: Client, { registry, repository }: Origin) {
    this.client = client;
    this.registry = registry;
    this.name = repository;
    this.pushScopes = [this.scope("pull", "push")];
  }

  /** The scope that allows these actions here. */
  scope(...actions: Action[]): string {
    return repositoryScope(this.name, ...actions);
  }

  /** How messages call something here: a tag, a digest, or the repository itself. */
  reference(name = ""): string {
    return `${this.registry}/${this.name}${name && (name.includes(":") ? "@" : ":")}${name}`;
  }

  /** A request to the repository. The path must have been checked: parts of it may come from outside. */
  request(
    method: RegistryRequest["method"],
    path: string,
    options: Pick<RegistryRequest, "what"> & ScopedOptions & Partial<RegistryRequest>,
  ): RegistryRequest {
    const to = { registry: this.registry, repository: this.name, path: `/v2/${this.name}/${path}` };
    return { ...options, method, to, scopes: options.scopes ?? [this.scope("pull")] };
  }

  /** Sends a request to the repository. */
  send(...request: Parameters<Repository["request"]>): Promise<HttpResponse> {
    return this.client.send(this.request(...request));
  }
}
