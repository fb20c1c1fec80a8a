import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Metrics } from "../../../src/server/mod.ts";
import { observed } from "./support.ts";

describe("metrics", () => {
  it("count requests by method, kind and status, and how long they took", async () => {
    const { ask, served } = observed();
    await ask("GET", "a/tags/list");
    const metrics = new Metrics();
    for (const milliseconds of [1, 20, 100_000]) metrics.count({ ...served[0]!, milliseconds });
    const lines = metrics.text().split("\n");
    const labels = 'method="GET",route="tags",status="200"';
    for (
      const line of [
        "# TYPE gantry_http_request_duration_seconds histogram",
        `gantry_http_requests_total{${labels}} 3`,
        `gantry_http_request_duration_seconds_bucket{${labels},le="0.005"} 1`,
        `gantry_http_request_duration_seconds_bucket{${labels},le="60"} 2`,
        `gantry_http_request_duration_seconds_bucket{${labels},le="+Inf"} 3`,
        `gantry_http_request_duration_seconds_sum{${labels}} 100.021`,
      ]
    ) assert.ok(lines.includes(line), line);
  });
});
