import { utf8 } from "../bytes.ts";

/** A response without a body. */
export function empty(status: number, headers: Record<string, string> = {}): Response {
  const length: Record<string, string> = status === 204 || status === 304 ? {} : { "content-length": "0" };
  return new Response(null, { status, headers: { ...length, ...headers } });
}

/** A JSON response. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const body = utf8(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.byteLength), ...headers },
  });
}
