import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ProgressDisplay } from "../../../src/cli/support/progress_display.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";

const digest = (n: number) => `sha256:${String(n).repeat(64)}` as const;
const layer = (n: number, size: number) => ({ mediaType: mediaTypes.ociLayer, digest: digest(n), size });

/** What a terminal shows after the text was written to it. */
function shown(text: string): string[] {
  const lines = [""];
  // deno-lint-ignore no-control-regex -- the sequences that move a terminal's cursor are what is looked for
  for (const [, up, plain] of text.matchAll(/\x1b\[(\d+)F\x1b\[J|([^\x1b]+)/g)) {
    if (up !== undefined) lines.splice(lines.length - 1 - Number(up), Number(up) + 1, "");
    else {
      const [first = "", ...rest] = plain!.split("\n");
      lines[lines.length - 1] += first;
      lines.push(...rest);
    }
  }
  return lines.slice(0, -1);
}

describe("progress on a terminal", () => {
  it("is a line a part with bytes, speed and time left, and one for all", () => {
    let text = "", now = 0;
    const display = new ProgressDisplay((more) => text += more, "pulled", () => now);
    display.event({ type: "start", id: 1, ...layer(1, 10_000_000) });
    display.event({ type: "start", id: 2, ...layer(2, 4000) });
    display.event({ type: "start", id: 3, ...layer(3, 9_000_000) });
    now = 1000;
    display.event({ type: "progress", id: 1, bytes: 2_000_000 });
    display.event({ type: "resumed", id: 3, bytes: 8_000_000 });
    display.event({ type: "progress", id: 3, bytes: 8_500_000 });
    display.draw();
    assert.deepEqual(shown(text), [
      "111111111111 blob         2.0 MB of 10.0 MB  2.0 MB/s  4.0 s left",
      "333333333333 blob         8.5 MB of 9.0 MB  500.0 kB/s  1.0 s left",
      "0 parts done, 2.5 MB in 1.0 s, 2.5 MB/s",
    ]);
    display.event({ type: "done", id: 2, descriptor: layer(2, 4000), how: "present" });
    display.event({ type: "done", id: 3, descriptor: layer(3, 9_000_000), how: "written" });
    now = 2000;
    display.draw();
    assert.deepEqual(shown(text), [
      "222222222222 blob         4.0 kB  present",
      "333333333333 blob         9.0 MB  pulled, resumed at 8.0 MB",
      "111111111111 blob         2.0 MB of 10.0 MB  1.0 MB/s  8.0 s left",
      "2 parts done, 3.0 MB in 2.0 s, 1.5 MB/s",
    ]);
    display.event({ type: "done", id: 1, descriptor: layer(1, 10_000_000), how: "mounted" });
    display.event({ type: "skipped", id: 4, mediaType: "x/y", digest: digest(4) });
    display.end();
    assert.deepEqual(shown(text), [
      "222222222222 blob         4.0 kB  present",
      "333333333333 blob         9.0 MB  pulled, resumed at 8.0 MB",
      "111111111111 blob        10.0 MB  mounted",
      "444444444444 blob      not to be distributed, left out",
      "3 parts done, 1.0 MB in 2.0 s, 500.0 kB/s",
    ]);
  });

  it("tells long times in minutes and hours", () => {
    for (const [bytes, left] of [[10_000, "1 min 39 s"], [100, "2 h 46 min"]] as const) {
      let text = "", now = 0;
      const display = new ProgressDisplay((more) => text += more, "pulled", () => now);
      display.event({ type: "start", id: 1, ...layer(1, 1_000_000) });
      now = 1000;
      display.event({ type: "progress", id: 1, bytes });
      display.draw();
      assert.ok(shown(text)[0]!.endsWith(`  ${left} left`), shown(text)[0]);
      display.end();
    }
  });
});
