import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientKey } from "../../../src/server/mod.ts";

describe("what an address counts as", () => {
  const cases = {
    "192.0.2.1": "192.0.2.1",
    "::ffff:192.0.2.1": "192.0.2.1",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
    "2001:DB8:0001:2::9": "2001:db8:1:2::",
    "2001:db8::9": "2001:db8:0:0::",
    "::1": "0:0:0:0::",
    "fe80::1%eth0": "fe80:0:0:0::",
  };
  for (const [address, key] of Object.entries(cases)) {
    it(address, () => assert.equal(clientKey(address), key));
  }
});
