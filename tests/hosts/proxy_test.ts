import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { namesProxy, proxyFor } from "../../src/hosts/proxy.ts";
import { fails } from "../../src/testing/errors.ts";

const proxy = "http://proxy.test:3128";
const exempt = (address: string, list: string) =>
  proxyFor(new URL(address), { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: list }) === undefined;

describe("the proxy of an environment", () => {
  const of = (address: string, env: Record<string, string>) => proxyFor(new URL(address), env);

  it("is that for the scheme, or else that for all", () => {
    assert.equal(of("https://reg.test", { HTTPS_PROXY: proxy }), proxy);
    assert.equal(of("http://reg.test", { HTTPS_PROXY: proxy }), undefined);
    assert.equal(of("http://reg.test", { http_proxy: proxy }), proxy);
    assert.equal(of("http://reg.test", { all_proxy: proxy, HTTP_PROXY: "" }), proxy);
    assert.equal(of("https://reg.test", { ALL_PROXY: "a", HTTPS_PROXY: "b:1" }), "http://b:1");
    assert.equal(of("https://reg.test", {}), undefined);
    assert.deepEqual([namesProxy({}), namesProxy({ all_proxy: "a" }), namesProxy({ NO_PROXY: "a" })], [
      false,
      true,
      false,
    ]);
  });

  it("is not asked for this machine", () => {
    for (const host of ["localhost:5000", "app.localhost", "127.0.0.1", "127.9.9.9", "[::1]:5000"]) {
      assert.equal(of(`http://${host}`, { HTTP_PROXY: proxy }), undefined, host);
    }
  });

  it("of another kind is an error that keeps its password", () => {
    assert.throws(
      () => of("https://reg.test", { ALL_PROXY: "socks5://me:secret@proxy.test" }),
      fails(
        "unsupported",
        /^connect to reg\.test through the proxy of the environment: it is one for socks5, /,
      ),
    );
  });
});

describe("NO_PROXY", () => {
  const cases: [list: string, yes: string[], no: string[]][] = [
    ["*", ["https://a.test"], []],
    ["reg.test", ["https://reg.test", "https://a.reg.test:5000", "https://REG.test"], ["https://xreg.test"]],
    [".reg.test", ["https://a.reg.test"], ["https://reg.test"]],
    ["*.reg.test", ["https://a.b.reg.test"], ["https://reg.test"]],
    ["a.test, b.test c.test,,", ["https://a.test", "https://b.test", "https://c.test"], ["https://d.test"]],
    ["reg.test:5000", ["https://reg.test:5000"], ["https://reg.test", "https://reg.test:5001"]],
    ["reg.test:443", ["https://reg.test"], ["http://reg.test"]],
    ["10.1.2.3", ["https://10.1.2.3:5000"], ["https://10.1.2.4"]],
    ["10.0.0.0/8", ["https://10.200.0.1"], ["https://11.0.0.1", "https://reg.test"]],
    ["192.168.4.0/22", ["https://192.168.7.255"], ["https://192.168.8.0"]],
    ["fd00::/8", ["https://[fd12::1]"], ["https://[fe80::1]", "https://10.0.0.1"]],
    ["2001:db8::1", ["https://[2001:db8::1]:5000"], ["https://[2001:db8::2]"]],
    ["[2001:db8::1]:5000", ["https://[2001:db8::1]:5000"], ["https://[2001:db8::1]"]],
    ["10.0.0.0/33,nonsense/8,/,:", [], ["https://10.0.0.1", "https://reg.test"]],
    ["", [], ["https://reg.test"]],
  ];
  for (const [list, yes, no] of cases) {
    it(JSON.stringify(list), () => {
      for (const address of yes) assert.equal(exempt(address, list), true, address);
      for (const address of no) assert.equal(exempt(address, list), false, address);
    });
  }
});
