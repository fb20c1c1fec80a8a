/** Cases of the shared tables that Gantry answers differently on purpose; docs/decisions.md tells why. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../../docs/decisions.md", import.meta.url), "utf8");

/** The cases of one table that are decided otherwise: key of the case → what holds instead. */
export class Decided {
  readonly #checks: Map<string, () => void>;
  readonly #seen = new Set<string>();

  constructor(table: string, checks: Record<string, () => void>) {
    this.#checks = new Map(Object.entries(checks));
    for (const key of this.#checks.keys()) {
      assert.ok(page.includes(`\`${key}\``), `docs/decisions.md does not list \`${key}\` of ${table}`);
    }
  }

  /** Runs the check for a case if it is decided otherwise. */
  has(key: string): boolean {
    const check = this.#checks.get(key);
    if (!check) return false;
    this.#seen.add(key);
    check();
    return true;
  }

  /** A decision without a case is a mistake. */
  allSeen(): void {
    assert.deepEqual([...this.#checks.keys()].filter((key) => !this.#seen.has(key)), []);
  }
}
