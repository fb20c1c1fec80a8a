import type { ConnectionFailure, NameFailure } from "./unreachable.ts";

/** What runtimes call a failure, by code or by message, and what we call it. The first that matches is taken. */
const reasons: Partial<Record<ConnectionFailure["reason"], readonly [RegExp, said: string]>> = {
  "no-address": [/ENOTFOUND|EAI_|dns error/, "its name has no address"],
  "refused": [/ECONNREFUSED|connection refused/i, "the connection is refused"],
  "unroutable": [/EHOSTUNREACH|ENETUNREACH|unreachable/i, "no way leads there"],
  "no-tls": [
    /wrong.version.number|EPROTO|InvalidContentType|TLS handshake failed/i,
    "HTTPS is not spoken there",
  ],
  "certificate": [/certificate|CERT_|_CERT|LEAF_SIGNATURE|ALTNAME/i, "its certificate is not trusted"],
  "closed": [
    /ECONNRESET|EPIPE|UND_ERR_SOCKET|connection (?:reset|closed)|hang up|terminated|unexpected EOF|handshake eof/i,
    "the connection broke",
  ],
  "no-http": [/HPE_|malformed.http|invalid HTTP|match the HTTP/i, "HTTP is not spoken there"],
};

/** Names a failure alike in all runtimes. */
export const nameFailure: NameFailure = (text) => {
  for (const [reason, [pattern, said]] of Object.entries(reasons)) {
    if (pattern.test(text)) return [reason as ConnectionFailure["reason"], said];
  }
  return ["other", undefined];
};
