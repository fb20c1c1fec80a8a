/**
 * The one error class of the library.
 *
 * @module
 */

/** What went wrong, for programs to decide on. */
export type ErrorCode =
  /** A reference, tag, repository name or place does not follow its grammar. */
  | "invalid-name"
  /** A digest string does not follow its grammar. */
  | "invalid-digest"
  /** A label, filter, field path or other argument is not what it must be. */
  | "invalid-argument"
  /** A manifest, index, config, layout file or registry answer is not what it must be. */
  | "invalid-document"
  /** A tar or compressed stream is broken. */
  | "invalid-archive"
  /** Known, but not something this medium, runtime or version can do. */
  | "unsupported"
  /** No engine that can do this is loaded; the message says what to import. */
  | "no-engine"
  /** The name, blob, manifest or session is not there. */
  | "not-found"
  /** Nothing in an index matches the platform asked for. */
  | "no-platform"
  /** Credentials are missing or wrong. */
  | "unauthorized"
  /** The credentials do not allow this. */
  | "denied"
  /** What is there is not what the caller expected to be there, or somebody else is writing it. */
  | "conflict"
  /** The bytes do not hash to the digest that names them. */
  | "digest-mismatch"
  /** There are more or fewer bytes than the descriptor says. */
  | "size-mismatch"
  /** A limit was exceeded. */
  | "too-large"
  /** The answer depends on a one-shot stream that has not been written yet. */
  | "not-computed"
  /** A one-shot stream was asked for a second time. */
  | "consumed"
  /** The other side cannot be reached, hangs, or fails on its own account. */
  | "unavailable"
  /** The other side asks us to come back later. */
  | "rate-limited"
  /** The disk is full, read-only or forbids it. */
  | "storage";

/**
 * Every error Gantry throws on purpose. The message names the image, URL or path and never holds a secret.
 *
 * @example
 * ```ts
 * import { GantryError } from "@gantry/oci";
 *
 * try {
 *   throw new GantryError("not-found", "resolve alpine:3.99: no such tag");
 * } catch (error) {
 *   if (GantryError.is(error, "not-found")) console.log("gone");
 * }
 * ```
 */
export class GantryError extends Error {
  /** Always `GantryError`, by which it is told from other errors. */
  override readonly name = "GantryError";
  /** What went wrong. */
  readonly code: ErrorCode;

  /** Makes an error; `cause` is what it was made from. */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /**
   * Whether a caught value is one of ours, and of one of these codes if any are given. Goes by name, so that it holds
   * across two copies of the library in one bundle.
   */
  static is(error: unknown, ...codes: ErrorCode[]): error is GantryError {
    return error instanceof Error && error.name === "GantryError" &&
      (codes.length === 0 || codes.includes((error as GantryError).code));
  }
}
