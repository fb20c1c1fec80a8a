import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { behindProxies, isNetwork } from "../../../../src/cli/support/serve/proxies.ts";

/** Whom a registry takes for its client. */
async function clientOf(address: string, forwarded?: string): Promise<string | undefined> {
  let found: string | undefined;
  const handler = behindProxies((_, client) => {
    found = client?.address;
    return Promise.resolve(new Response());
  }, ["10.0.0.0/8", "127.0.0.1", "fd00::/8"]);
  const headers: Record<string, string> = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  await handler(new Request("http://localhost/v2/", { headers }), { address });
  return found;
}

describe("trusted proxies", () => {
  const cases: [address: string, forwarded: string | undefined, client: string][] = [
    ["192.0.2.1", undefined, "192.0.2.1"],
    ["192.0.2.1", "198.51.100.7", "192.0.2.1"],
    ["10.1.2.3", undefined, "10.1.2.3"],
    ["10.1.2.3", "198.51.100.7", "198.51.100.7"],
    ["::ffff:10.1.2.3", "198.51.100.7:4711", "198.51.100.7"],
    ["127.0.0.1", "203.0.113.9, 198.51.100.7, 10.9.9.9", "198.51.100.7"],
    ["fd00::1", "[2001:db8::9]:80", "2001:db8::9"],
    ["10.1.2.3", "10.4.5.6", "10.4.5.6"],
    ["10.1.2.3", "198.51.100.7, nonsense", "10.1.2.3"],
    ["10.1.2.3", "nonsense, 10.4.5.6", "10.4.5.6"],
  ];
  for (const [address, forwarded, client] of cases) {
    it(`${address}, for ${forwarded}`, async () => assert.equal(await clientOf(address, forwarded), client));
  }

  it("are addresses and networks", () => {
    for (const text of ["10.0.0.0/8", "::/0", "::1", "192.0.2.1"]) assert.ok(isNetwork(text), text);
    for (const text of ["", "10.0.0.0/33", "10.0.0/8", "::/129", "proxy", "10.0.0.1/8/8", "10.0.0.1/x"]) {
      assert.ok(!isNetwork(text), text);
    }
  });
});
