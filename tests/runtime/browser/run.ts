/** Proves the web tier in Debian's Chromium, on a page of the registry's own origin: `deno task test:browser`. */

import { chromium } from "playwright-core";
import type { Setting } from "../cases.ts";
import { bundle, Report, startRegistry } from "../runner.ts";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

const script = await bundle("browser/page.ts");
const report = new Report();
const { url, host, digest, close } = await startRegistry((request) => {
  const [type, text] = request.url.endsWith("/cases.js")
    ? ["text/javascript", script]
    : ["text/html", `<!doctype html><script type="module" src="/cases.js"></script>`];
  return Promise.resolve(new Response(text, { headers: { "content-type": type } }));
});
// Each launch has a profile of its own, which is removed at its end.
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
try {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction("globalThis.runCase");
  const setting: Setting = { host, digest, engines: { hash: "wasm", gunzip: "wasm" } };
  await report.run(
    `chromium ${browser.version()}`,
    await page.evaluate("caseNames"),
    (name) => page.evaluate(`runCase(${JSON.stringify(name)}, ${JSON.stringify(setting)})`),
  );
} finally {
  await browser.close();
  await close();
}
report.end();
