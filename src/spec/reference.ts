/**
 * Image references: `registry/repository:tag@digest`.
 *
 * @module
 */

import { GantryError } from "../errors.ts";
import { type Digest, isDigest, parseDigest } from "./digest.ts";

/** The name of a repository: where it is, and what it is called there. */
export interface Repository {
  /** Host, and port if it has one; `docker.io` for Docker Hub. */
  registry: string;
  /** Name of the repository in the registry. */
  repository: string;
}

/** A name for an image. With both a tag and a digest, the digest says what it is. */
export interface Reference extends Repository {
  /** Name in the repository. */
  tag?: string;
  /** What the manifest hashes to. */
  digest?: Digest;
}

/** How names are completed. */
export interface RepositoryOptions {
  /**
   * `familiar`, the default, reads names as Docker's users write them: Docker Hub, its `library/` and `:latest` may be
   * left out. `strict` wants all of them written.
   */
  mode?: "familiar" | "strict";
  /** Where names without a registry are. Default: `docker.io`. */
  defaultRegistry?: string;
}

/** How references are completed. */
export interface ReferenceOptions extends RepositoryOptions {
  /** Tag of references that have neither tag nor digest. Default: `latest`. */
  defaultTag?: string;
}

// https://github.com/distribution/reference/blob/main/regexp.go
const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const registryGrammar = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const repositoryGrammar = /^[a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*$/;
const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
// Docker reads these as the id of an image or container.
const identifier = /^[a-f0-9]{64}$/;

const hub = "docker.io";
const hubAliases: readonly string[] = [hub, "index.docker.io", "registry-1.docker.io"];

/**
 * Parses an image reference.
 *
 * @throws {GantryError} `invalid-name` for what is no reference, `invalid-digest` or `unsupported` for a bad digest.
 *
 * @example
 * ```ts
 * import { parseReference } from "@gantry/oci/spec";
 *
 * parseReference("alpine"); // { registry: "docker.io", repository: "library/alpine", tag: "latest" }
 * parseReference("localhost:5000/app:v1"); // { registry: "localhost:5000", repository: "app", tag: "v1" }
 * ```
 */
export function parseReference(input: string, options: ReferenceOptions = {}): Reference {
  // Docker's tools take this for the id of an image, not for tag `HEX` of repository `library/sha256`.
  if (isDigest(input)) throw bad(input, "a digest without a repository");
  const at = input.indexOf("@");
  const named = at < 0 ? input : input.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const reference: Reference = split(colon < 0 ? named : named.slice(0, colon), input, options);
  if (colon >= 0) reference.tag = checkTag(named.slice(colon + 1), input);
  if (at >= 0) {
    reference.digest = checkDigest(input.slice(at + 1), input);
  } else if (colon < 0) {
    if (options.mode === "strict") throw bad(input, "no tag and no digest");
    reference.tag = checkTag(options.defaultTag ?? "latest", input);
  }
  return reference;
}

/**
 * Parses the name of a repository, which has neither tag nor digest.
 *
 * @throws {GantryError} `invalid-name`.
 */
export function parseRepository(input: string, options: RepositoryOptions = {}): Repository {
  return split(input, input, options);
}

/** A reference or repository in full: `docker.io/library/alpine:latest`. */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${ending(reference)}`;
}

/**
 * A reference or repository as Docker's users write it: without `docker.io/` and its `library/`, unless that would name
 * something else.
 */
export function familiarName(reference: Reference): string {
  const { registry, repository } = reference;
  const name = repository.replace(/^library\/([^/]+)$/, "$1");
  const short = `${name}${ending(reference)}`;
  const misread = registryIn(name) !== undefined || identifier.test(name) || isDigest(short);
  return registry === hub && !misread ? short : formatReference(reference);
}

/** Whether it may be a tag. */
export function isTag(text: string): boolean {
  return tagGrammar.test(text);
}

/** Whether it may be the name of a repository, without the registry. */
export function isRepository(text: string): boolean {
  return text.length <= 255 && repositoryGrammar.test(text);
}

/** Whether it may be a registry: a host name or address, and a port if it has one. */
export function isRegistry(text: string): boolean {
  return text.length <= 255 && registryGrammar.test(text);
}

function split(name: string, input: string, options: RepositoryOptions): Repository {
  const written = registryIn(name);
  if (options.mode === "strict" && written === undefined) throw bad(input, "no registry");
  const given = written ?? options.defaultRegistry ?? hub;
  const registry = hubAliases.includes(given) ? hub : given;
  let repository = written === undefined ? name : name.slice(written.length + 1);
  if (!isRegistry(registry)) throw bad(input, `${quote(registry)} is no registry`);
  if (!isRepository(repository)) throw bad(input, repositoryProblem(repository));
  if (written === undefined && identifier.test(repository)) throw bad(input, "an id is no repository name");
  if (registry === hub && !repository.includes("/")) {
    if (options.mode === "strict") throw bad(input, `Docker Hub calls it "library/${repository}"`);
    repository = `library/${repository}`;
  }
  return { registry, repository };
}

/** What stands before the first slash, if it looks like a registry: `localhost/app`, `a.b/app`, `a:1/app`, `A/app`. */
function registryIn(name: string): string | undefined {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  return first === "localhost" || /[.:A-Z]/.test(first) ? first : undefined;
}

function repositoryProblem(repository: string): string {
  if (repository === "") return "no repository name";
  if (repository.length > 255) return "the repository name is longer than 255 characters";
  return `${quote(repository)} is no repository name${
    /[A-Z]/.test(repository) ? " (no capital letters)" : ""
  }`;
}

function checkTag(tag: string, input: string): string {
  if (!isTag(tag)) throw bad(input, `${quote(tag)} is no tag`);
  return tag;
}

function checkDigest(digest: string, input: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    if (!GantryError.is(cause)) throw cause;
    throw new GantryError(cause.code, `parse reference ${quote(input)}: ${cause.message}`, { cause });
  }
}

function ending({ tag, digest }: Reference): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

function bad(input: string, problem: string): GantryError {
  return new GantryError("invalid-name", `parse reference ${quote(input)}: ${problem}`);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
