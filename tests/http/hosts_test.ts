import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { depthOf, isLoopback, sameSite } from "../../src/http/hosts.ts";
import { needsFixtures, table } from "../support/fixtures.ts";

interface Case {
  rule: string;
  host: string;
  scheme?: string;
  result?: boolean;
}

describe("hosts of other projects' tests", needsFixtures, () => {
  const cases = table<Case>("registry-hosts");
  for (const { host, scheme } of cases.filter(({ rule }) => rule === "scheme")) {
    // Theirs calls a bare IPv6 address a host; ours are written in brackets.
    const ours = host === "::1" ? "[::1]" : host;
    it(`${host} ${scheme === "http" ? "is" : "is not"} this machine`, () => {
      assert.equal(isLoopback(ours), scheme === "http");
    });
  }
  for (const { host, result } of cases.filter(({ rule }) => rule === "rfc1918")) {
    it(`${host} ${result ? "is" : "is not"} private`, () => {
      assert.equal(depthOf(new URL(`http://${host}`).hostname) === 1, result);
    });
  }
  for (
    const { host, result } of cases.filter(({ rule, host }) => rule === "localhost" && host !== "[::1]:")
  ) {
    it(`${host} ${result ? "is" : "is not"} local`, () => assert.equal(isLoopback(host), result));
  }
});

describe("hosts", () => {
  it("lie at a depth, however their address is spelt", () => {
    const depths: Record<string, number> = {
      "reg.test": 0,
      "8.8.8.8": 0,
      "172.32.0.1": 0,
      "10.0.0.1": 1,
      "0x0a000001": 1,
      "172.31.255.255": 1,
      "100.64.0.1": 1,
      "[fd12::1]": 1,
      "[::ffff:10.1.2.3]": 1,
      "127.1": 2,
      "2130706433": 2,
      "0177.0.0.1": 2,
      "[::1]": 2,
      "[::ffff:127.0.0.1]": 2,
      "LOCALHOST.": 2,
      "a.localhost": 2,
      "0.0.0.0": 3,
      "[::]": 3,
      "169.254.169.254": 3,
      "0xa9fea9fe": 3,
      "[fe80::1]": 3,
      "[fd00:ec2::254]": 3,
      "[64:ff9b::a9fe:a9fe]": 3,
    };
    for (const [host, depth] of Object.entries(depths)) {
      assert.equal(depthOf(new URL(`http://${host}`).hostname), depth, host);
    }
  });

  it("belong to one site by their last labels", () => {
    assert.ok(sameSite("auth.docker.io", "registry-1.docker.io"));
    assert.ok(sameSite("registry.gitlab.com", "gitlab.com"));
    assert.ok(sameSite("127.0.0.1", "127.0.0.1"));
    assert.ok(sameSite("a.acme.co.uk", "acme.co.uk"));
    assert.ok(!sameSite("a.co.uk", "b.co.uk"));
    assert.ok(!sameSite("docker.io.evil.test", "docker.io"));
    assert.ok(!sameSite("10.0.0.1", "10.1.0.1"));
    assert.ok(!sameSite("localhost", "evil"));
    assert.ok(!sameSite("[fd00::1]", "[fd01::1]"));
  });
});
