import { memory } from "../../src/content/memory.ts";
import { testTarget } from "../../src/testing/mod.ts";

testTarget("memory", () => {
  const target = memory();
  return Promise.resolve({ target, again: () => target, close: () => Promise.resolve() });
});
