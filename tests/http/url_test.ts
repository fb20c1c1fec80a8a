import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { follow, withQuery } from "../../src/http/url.ts";

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
