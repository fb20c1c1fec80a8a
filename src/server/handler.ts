/**
 * Answers a request. The request's signal aborts when the client disconnects before the whole response is sent. A handler that
 * throws is answered with a status of 500; a response body that fails breaks the connection, so that the client notices.
 */
export type Handler = (request: Request) => Promise<Response>;
