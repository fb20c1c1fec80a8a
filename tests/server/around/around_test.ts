import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../../src/content/mod.ts";
import { digestBytes } from "../../../src/digest/mod.ts";
import {
  accessLogLine,
  eventOf,
  type Handler,
  Metrics,
  observe,
  readOnly,
  type RegistryEvent,
  type Served,
  server,
  Webhook,
} from "../../../src/server/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";

const blob = new TextEncoder().encode("{}");
const digest = await digestBytes(blob);

/** A registry that tells what it has served. */
function observed(): {
  ask: (method: string, path: string, init?: RequestInit) => Promise<Response>;
  served: Served[];
} {
  const repositories = new Map([["a", memory()], ["b", memory()]]);
  const served: Served[] = [];
  const handler = observe(
    server({ repositories: (name) => repositories.get(name)! }),
    (one) => served.push(one),
  );
  return {
    served,
    async ask(method, path, init) {
      const response = await handler(new Request(`http://localhost/v2/${path}`, { method, ...init }));
      await response.clone().text();
      await response.body?.cancel();
      return response;
    },
  };
}

/** A manifest of a config alone, pushed as `v1` with what it needs. */
async function pushed(ask: ReturnType<typeof observed>["ask"]): Promise<void> {
  await ask("POST", `a/blobs/uploads/?digest=${digest}`, { body: blob });
  const config = { mediaType: mediaTypes.ociConfig, digest, size: blob.length };
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [],
  });
  await ask("PUT", "a/manifests/v1", { body: manifest, headers: { "content-type": mediaTypes.ociManifest } });
}

describe("observing a registry", () => {
  it("tells of each request once its response has been sent", async () => {
    const { ask, served } = observed();
    await pushed(ask);
    await ask("GET", `a/blobs/${digest}`);
    await ask("HEAD", `a/blobs/${digest}`);
    await ask("GET", "A/nothing");
    assert.deepEqual(
      served.map(({ request, route, status, sent }) => [request.method, route?.kind, status, sent > 0]),
      [
        ["POST", "uploads", 201, false],
        ["PUT", "manifest", 201, false],
        ["GET", "blob", 200, true],
        ["HEAD", "blob", 200, false],
        ["GET", undefined, 404, true],
      ],
    );
    assert.ok(served.every(({ milliseconds }) => milliseconds >= 0));
    assert.equal(served[2]!.sent, blob.length);
  });

  it("tells of a response that the client does not wait for", async () => {
    const served: Served[] = [];
    const endless: Handler = () =>
      Promise.resolve(new Response(new ReadableStream({ pull: (to) => to.enqueue(blob) })));
    const leave = new AbortController();
    const request = new Request("http://localhost/v2/", { signal: leave.signal });
    const response = await observe(endless, (one) => served.push(one))(request);
    const reader = response.body!.getReader();
    await reader.read();
    assert.equal(served.length, 0);
    leave.abort();
    await reader.cancel();
    assert.deepEqual(served.map(({ status, sent }) => [status, sent > 0]), [[499, true]]);
  });

  it("makes lines of an access log, and numbers for Prometheus", async () => {
    const { ask, served } = observed();
    await ask("GET", "a/tags/list?secret=1", { headers: { "user-agent": "test/1" } });
    const line = JSON.parse(accessLogLine(served[0]!));
    assert.deepEqual([line.method, line.path, line.repository, line.status, line.client], [
      "GET",
      "/v2/a/tags/list",
      "a",
      200,
      "test/1",
    ]);
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

describe("events of a registry", () => {
  it("tell of pushes, pulls, mounts and deletions", async () => {
    const { ask, served } = observed();
    await pushed(ask);
    await ask("POST", `b/blobs/uploads/?mount=${digest}&from=a`);
    await ask("GET", "a/manifests/v1");
    await ask("HEAD", "a/manifests/v1");
    await ask("DELETE", "a/manifests/v1");
    await ask("DELETE", `b/blobs/${digest}`);
    await ask("GET", "a/tags/list");
    const events = served.flatMap((one) => eventOf(one) ?? []);
    assert.deepEqual(events.map(({ action, target }) => [action, target.repository, target.tag]), [
      ["push", "a", undefined],
      ["push", "a", "v1"],
      ["mount", "b", undefined],
      ["pull", "a", "v1"],
      ["delete", "a", "v1"],
      ["delete", "b", undefined],
    ]);
    assert.equal(events[2]!.target.fromRepository, "a");
    assert.equal(events[0]!.target.digest, digest);
    assert.equal(events[3]!.target.mediaType, mediaTypes.ociManifest);
  });

  it("are sent in order, again when that fails, and given up at last", async () => {
    const event = (id: string): RegistryEvent => ({
      id,
      timestamp: "",
      action: "pull",
      target: { repository: "a" },
      request: { method: "GET", useragent: "" },
    });
    const got: string[] = [];
    const lost: string[] = [];
    const slept: number[] = [];
    let failures = 2;
    const webhook = new Webhook({
      url: "http://hook.test/",
      headers: { authorization: "secret" },
      attempts: 3,
      waiting: 3,
      onError: (_, { id }) => lost.push(id),
      sleep: (milliseconds) => Promise.resolve(void slept.push(milliseconds)),
      fetch: (_, { body, headers }) => {
        const [{ id }] = JSON.parse(String(body)).events;
        assert.equal(new Headers(headers).get("authorization"), "secret");
        if (id === "never" || failures-- > 0) return Promise.resolve(new Response(null, { status: 500 }));
        got.push(id);
        return Promise.resolve(new Response());
      },
    });
    for (const id of ["one", "never", "two"]) webhook.send(event(id));
    await webhook.settled();
    assert.deepEqual([got, lost], [["one", "two"], ["never"]]);
    assert.ok(slept.length === 4 && slept[1]! > slept[0]! / 2);
    // One is being sent, three may wait.
    for (const id of ["a", "b", "c", "d", "e"]) webhook.send(event(id));
    await webhook.settled();
    assert.deepEqual([got.slice(2), lost.slice(1)], [["a", "c", "d", "e"], ["b"]]);
  });
});

describe("a read-only registry", () => {
  it("refuses all that would change it", async () => {
    const target = memory();
    const registry = readOnly(server({ repositories: () => target }));
    for (const method of ["PUT", "POST", "PATCH", "DELETE"]) {
      const response = await registry(new Request("http://localhost/v2/a/manifests/v1", { method }));
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
      assert.equal((await response.json()).errors[0].code, "UNSUPPORTED");
    }
    assert.equal((await registry(new Request("http://localhost/v2/a/tags/list"))).status, 200);
  });
});
