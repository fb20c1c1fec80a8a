/** Who sends a request, as far as whoever has taken it knows. */
export interface Client {
  /** The address of the connection's other end, or of the client behind a trusted proxy. */
  readonly address?: string | undefined;
  /** The name of who has logged in. */
  readonly user?: string | undefined;
}

/**
 * Answers a request. The request's signal aborts when the client disconnects before the whole response is sent. A handler that
 * throws is answered with a status of 500; a response body that fails breaks the connection, so that the client notices.
 */
export type Handler = (request: Request, client?: Client) => Promise<Response>;
