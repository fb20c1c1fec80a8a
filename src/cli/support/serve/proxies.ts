import { BlockList, isIP } from "node:net";
import type { Handler } from "../../../server/mod.ts";

/** Whether a text is an address, or a network such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  return parse(text) !== undefined;
}

/**
 * Believes these proxies for whom they ask, by `X-Forwarded-For`: of the addresses in it, the last one counts that is not
 * itself one of theirs. What anybody else says there means nothing.
 */
export function behindProxies(handler: Handler, networks: readonly string[]): Handler {
  const trusted = new BlockList();
  for (const { address, bits, kind } of networks.map((text) => parse(text)!)) {
    trusted.addSubnet(address, bits, kind);
  }
  const isTrusted = (address: string) => {
    const bare = bareOf(address);
    return isIP(bare) !== 0 && trusted.check(bare, kindOf(bare));
  };
  return (request, client = {}) => {
    let { address } = client;
    const named = request.headers.get("x-forwarded-for")?.split(",").map((one) => bareOf(one.trim())) ?? [];
    while (address !== undefined && named.length > 0 && isTrusted(address)) {
      const before = named.pop()!;
      if (isIP(before) === 0) break;
      address = before;
    }
    return handler(request, { ...client, address });
  };
}

function parse(text: string): { address: string; bits: number; kind: "ipv4" | "ipv6" } | undefined {
  const [, address = "", digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) return undefined;
  const kind = kindOf(address);
  const most = kind === "ipv4" ? 32 : 128;
  const bits = Number(digits ?? most);
  return bits <= most ? { address, bits, kind } : undefined;
}

function kindOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

/** An address without the form of IPv6 around one of IPv4, and without a port or brackets, which some proxies write. */
function bareOf(address: string): string {
  const [, inner] = /^\[([^\]]*)\](?::\d+)?$/.exec(address) ?? [];
  return (inner ?? address).replace(/^::ffff:(?=\d+\.)/i, "").replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
}
