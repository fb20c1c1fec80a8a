import type { Digest } from "../spec/digest.ts";
import type { Target } from "../content/contracts.ts";

/** A request that is being answered, and what is needed to answer it. */
export interface RequestContext {
  readonly request: Request;
  readonly url: URL;
  readonly signal: AbortSignal;
  /** The largest manifest that is accepted or served, in bytes. */
  readonly manifestLimit: number;
  /** A repository from which a blob is mounted where the client names none. */
  readonly holder: ((digest: Digest) => Promise<string | undefined>) | undefined;
  /** Whether who reads a blob may be sent to where it is. */
  readonly redirect: boolean;
  /** Whether manifests may name what is not there. */
  readonly sparse: boolean;
  /** Whether the files of blobs are sent as they are. */
  readonly keptVerified: boolean;
  /** The names of the repositories, where they may be listed. */
  readonly catalog:
    | ((options: { after?: string | undefined; signal: AbortSignal }) => AsyncIterable<string>)
    | undefined;
  /** Whether they come in the order of their bytes. */
  readonly catalogOrdered: boolean;
  /** Opens a repository. Handlers call it only after checking everything that the client sent. */
  target(repository: string): Promise<Target>;
}
