import { redact } from "../../http/redact.ts";
import type { Transport } from "../../registry/mod.ts";

/** Headers that name or carry secrets. */
const secret = /authorization$|cookie|token|secret|password|key$|^x-.*auth/i;

/** Logs each request and response, without the secrets in them. */
export function loggedTransport(transport: Transport, log: (line: string) => void): Transport {
  return async (request) => {
    const line = `${request.method} ${redact(request.url)}`;
    log(`--> ${line}`);
    logHeaders(request.headers, log);
    const begun = performance.now();
    const took = () => `(${Math.round(performance.now() - begun)} ms)`;
    try {
      const response = await transport(request);
      log(`<-- ${response.status} ${line} ${took()}`);
      logHeaders(response.headers, log);
      return response;
    } catch (error) {
      log(`<-- ${line}: ${redact(reasonOf(error))} ${took()}`);
      throw error;
    }
  };
}

function logHeaders(headers: Headers, log: (line: string) => void): void {
  for (const [name, value] of headers) log(`    ${name}: ${secret.test(name) ? "…" : redact(value)}`);
}

/** Why a request failed; `fetch` gives the reason as the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
