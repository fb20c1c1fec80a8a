import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withDefaults } from "../../src/registry/options.ts";

describe("options of a registry client", () => {
  it("have defaults", () => {
    const { limits, timeouts, userAgent, pieceSize } = withDefaults();
    assert.equal(limits.manifest, 8 << 20);
    assert.deepEqual(timeouts, { response: 60_000, idle: 60_000 });
    assert.equal(userAgent, "gantry");
    assert.equal(pieceSize, undefined);
  });

  it("replace single limits and timeouts, and leave the others", () => {
    const now = () => 1;
    const settings = withDefaults({ limits: { retries: 0 }, timeouts: { idle: 5 }, environment: { now } });
    assert.equal(settings.limits.retries, 0);
    assert.equal(settings.limits.redirects, 10);
    assert.deepEqual(settings.timeouts, { response: 60_000, idle: 5 });
    assert.equal(settings.environment.now, now);
    assert.equal(settings.environment.random, Math.random);
  });
});
