import { describe, it } from "node:test";
import { roundTrips } from "./round_trips.ts";

describe("the core and node:zlib", () => {
  it("read each other, and what is broken is an error at worst", () => roundTrips(2000));
});
