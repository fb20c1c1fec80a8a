/** What every store does, wherever its records and its bytes are. */

import { describe } from "node:test";
import { testCollecting } from "./gc.ts";
import { testContent } from "./content.ts";
import { testImages } from "./images.ts";
import { testLeases } from "./leases.ts";
import { testLinked } from "./linked.ts";
import { testPulls } from "./pull.ts";
import type { InStore } from "../support.ts";

/** Tests a kind of stores. */
export function testStore(name: string, inStore: InStore, options: { skip?: string | boolean } = {}): void {
  describe(name, options, () => {
    testImages(inStore);
    testContent(inStore);
    testLeases(inStore);
    testLinked(inStore);
    testCollecting(inStore);
    testPulls(inStore);
  });
}
