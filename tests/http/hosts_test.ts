import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { depthOf, isLoopback, sameSite } from "../../src/http/hosts.ts";
import { endpointOf } from "../../src/registry/endpoint.ts";
import { follow, withQuery } from "../../src/http/url.ts";
import { redact } from "../../src/http/redact.ts";
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

  it("of Docker Hub answer under another name", () => {
    assert.equal(endpointOf("docker.io"), "registry-1.docker.io");
    assert.equal(endpointOf("ghcr.io"), "ghcr.io");
  });
});

describe("following a server's word", () => {
  const from = new URL("https://reg.test/v2/a/blobs/x?y=1");

  it("resolves what is relative, and drops names and passwords", () => {
    assert.equal(follow(from, "../b?z=%20+", "read").href, "https://reg.test/v2/a/b?z=%20+");
    assert.equal(follow(from, "//cdn.test/x", "read").href, "https://cdn.test/x");
    assert.equal(follow(from, "https://me:pw@cdn.test/x#y", "read").href, "https://cdn.test/x");
  });

  it("leads neither inside the network nor to plain HTTP nor elsewhere", () => {
    const bad = [
      "http://reg.test/x",
      "https://127.0.0.1/x",
      "https://localhost:5000/x",
      "https://10.0.0.1/x",
      "https://169.254.169.254/latest/meta-data",
      "https://[fd00:ec2::254]/",
      "https://0x7f000001/",
      "file:///etc/passwd",
      "data:text/plain,x",
      "https://",
    ];
    for (const to of bad) {
      assert.throws(() => follow(from, to, "read"), (error) => GantryError.is(error, "denied"), to);
    }
  });

  it("leads where the registry is itself, and where it is told that this is well", () => {
    const local = new URL("http://127.0.0.1:5000/v2/");
    assert.equal(follow(local, "http://localhost:9000/x", "read").host, "localhost:9000");
    assert.equal(follow(local, "http://10.0.0.7/x", "read").host, "10.0.0.7");
    assert.throws(() => follow(local, "http://169.254.169.254/", "read"));
    assert.equal(follow(from, "https://10.0.0.7:9000/x", "read", ["10.0.0.7:9000"]).host, "10.0.0.7:9000");
  });
});

describe("queries", () => {
  it("are added to and otherwise left as they are", () => {
    const url = new URL("https://reg.test/u?_state=a%2Bb+c&x=%20y");
    assert.equal(
      withQuery(url, [["digest", "sha256:ab"]]).href,
      "https://reg.test/u?_state=a%2Bb+c&x=%20y&digest=sha256%3Aab",
    );
    assert.equal(
      withQuery(new URL("https://reg.test/u"), [["a", "b c"], ["d", "&"]]).search,
      "?a=b%20c&d=%26",
    );
  });
});

describe("texts from elsewhere", () => {
  it("lose their secrets, their control characters and their length", () => {
    assert.equal(
      redact("GET https://s3.test/x?X-Amz-Signature=abc&y=1 failed"),
      "GET https://s3.test/x?X-Amz-Signature=…&y=… failed",
    );
    assert.equal(redact("sent Bearer eyJhbGciOi.J9-_ to"), "sent Bearer … to");
    assert.equal(redact("https://me:secret@reg.test/"), "https://reg.test/");
    assert.equal(redact("a\u001b[31m\r\nb\u2028c"), "a [31m b c");
    assert.equal(redact("x".repeat(1000)).length, 301);
  });
});
