import { nodeTransport } from "../../http/node_transport.ts";
import { fetchTransport, type Transport } from "../../registry/mod.ts";

/** The transport of `--insecure`: it accepts any certificate, which `fetch` cannot do in every runtime. */
export function insecureTransport(): Transport {
  const plain = fetchTransport();
  const secure = nodeTransport({ rejectUnauthorized: false });
  return (request) => request.url.startsWith("https:") ? secure(request) : plain(request);
}
