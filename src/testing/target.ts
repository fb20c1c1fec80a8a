import { after, before, describe } from "node:test";
import { testBlobs } from "./blobs.ts";
import { testImages } from "./images.ts";
import { testIngests } from "./ingests.ts";
import { testOptions } from "./options.ts";
import { testManifests } from "./manifests.ts";
import type { Medium, Suite, TargetLimits } from "./suite.ts";

/**
 * Runs the suite that says what a `Target` is, with `node:test`: in Deno, Bun and Node. Every medium of this library
 * passes it.
 *
 * @param name The medium, for the titles of the tests.
 * @param open Makes an empty one; it is closed at the end.
 * @param limits What it cannot do, with the reason. Default: it can do everything.
 *
 * @example
 * ```ts ignore
 * import { memory } from "@gantry/oci/content";
 * import { testTarget } from "@gantry/oci/testing";
 *
 * testTarget("memory", () => {
 *   const target = memory();
 *   return Promise.resolve({ target, again: () => target, close: () => Promise.resolve() });
 * });
 * ```
 */
export function testTarget(name: string, open: () => Promise<Medium>, limits: TargetLimits = {}): void {
  describe(`target contract: ${name}`, () => {
    let medium: Medium;
    const suite: Suite = {
      get medium() {
        return medium;
      },
      get target() {
        return medium.target;
      },
      limits,
    };
    before(async () => {
      medium = await open();
    });
    after(() => medium.close());
    testBlobs(suite);
    testManifests(suite);
    testIngests(suite);
    testOptions(suite);
    testImages(suite);
  });
}
