import { utf8 } from "../bytes.ts";
import type { Target } from "../content/contracts.ts";

/** A request being answered, and what there is to answer it with. */
export interface RequestContext {
  readonly request: Request;
  readonly url: URL;
  readonly signal: AbortSignal;
  /** The largest manifest taken or given, in bytes. */
  readonly manifestLimit: number;
  /** The repositories' names, where they may be listed. */
  readonly catalog: (() => AsyncIterable<string>) | undefined;
  /** A repository. Asked for only once all that the client said is checked. */
  target(repository: string): Promise<Target>;
}

/** An answer without a body. */
export function empty(status: number, headers: Record<string, string> = {}): Response {
  const length: Record<string, string> = status === 204 || status === 304 ? {} : { "content-length": "0" };
  return new Response(null, { status, headers: { ...length, ...headers } });
}

/** A JSON answer. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const body = utf8(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.byteLength), ...headers },
  });
}
