/** Platforms of all kinds. */

import fc from "fast-check";
import { normalizePlatform, type Platform } from "../../src/spec/mod.ts";

const word = fc.stringMatching(/^[a-z0-9_-]{1,6}$/);
const option = fc.string({ unit: fc.constantFrom(..."aZ09.+%()/ :~*é😀"), minLength: 1, maxLength: 6 });
/** Any platform under its usual names. */
export const platforms: fc.Arbitrary<Platform> = fc.record(
  {
    os: word,
    architecture: word,
    variant: word,
    "os.version": option,
    "os.features": fc.array(option, { minLength: 1 }),
  },
  { requiredKeys: ["os", "architecture"], noNullPrototype: true },
).map(normalizePlatform);
