import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adviceFor } from "../../../src/cli/support/advice.ts";
import { type ErrorCode, GantryError } from "../../../src/errors.ts";

const advice = (code: ErrorCode, cause: object, message = "read x: no"): string | undefined =>
  adviceFor(new GantryError(code, message, { cause }));

describe("what can be done about an error", () => {
  it("goes by the reason for which a connection failed", () => {
    const certificate = advice("unavailable", { host: "reg.test", reason: "certificate" });
    assert.match(certificate!, /"ca" in hosts\.json, or .* --insecure$/);
    for (const reason of ["silent", "unconnected"]) {
      assert.equal(advice("unavailable", { host: "reg.test", reason }), "--timeout waits longer");
    }
    assert.equal(advice("unavailable", { host: "reg.test", reason: "other" }), undefined);
    assert.equal(advice("unavailable", { status: 503, codes: [], host: "reg.test" }), undefined);
  });

  it("is a login by the name that the user knows, or nothing but another account", () => {
    const cause = { status: 401, codes: ["UNAUTHORIZED"], host: "registry-1.docker.io" };
    assert.equal(advice("unauthorized", cause), "log in with gantry auth login docker.io");
    const denied = { status: 403, codes: ["DENIED"], host: "reg.test:5000" };
    assert.equal(advice("denied", denied), "the account at reg.test:5000 may not do this");
    assert.equal(
      advice("denied", denied, "read x: 403 (no credentials for reg.test:5000)"),
      "log in with gantry auth login reg.test:5000",
    );
    assert.equal(advice("denied", { status: 403 }), undefined);
  });

  it("tells a missing repository from a missing tag", () => {
    const missing = (...codes: string[]) => advice("not-found", { status: 404, codes, host: "reg.test" });
    assert.equal(missing("NAME_UNKNOWN"), "there is no such repository");
    assert.match(missing("SOMETHING", "MANIFEST_UNKNOWN")!, /gantry ls/);
    assert.equal(missing("SOMETHING"), undefined);
    assert.equal(adviceFor(new Error("no")), undefined);
  });
});
