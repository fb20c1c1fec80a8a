import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withDefaults } from "../../src/registry/options.ts";

const patience = { connect: 10_000, response: 30_000, verify: 60_000, idle: 30_000, total: 90_000 };

describe("options of a registry client", () => {
  it("have defaults", () => {
    const { limits, timeouts, userAgent, pieceSize } = withDefaults();
    assert.equal(limits.manifest, 8 << 20);
    assert.deepEqual(timeouts, patience);
    assert.equal(userAgent, "gantry");
    assert.equal(pieceSize, undefined);
  });

  it("replace single limits and timeouts, and leave the others", () => {
    const now = () => 1;
    const settings = withDefaults({ retry: { retries: 0 }, timeouts: { idle: 5 }, environment: { now } });
    assert.equal(settings.retry.retries, 0);
    assert.equal(settings.limits.redirects, 10);
    assert.deepEqual(settings.timeouts, { ...patience, idle: 5 });
    assert.equal(settings.environment.now, now);
    assert.equal(settings.environment.random, Math.random);
  });
});
