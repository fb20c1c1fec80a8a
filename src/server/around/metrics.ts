import type { Served } from "./observe.ts";

/** The upper ends of the classes of durations, in seconds. */
const classes = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How often one kind of request was answered in one way. */
interface Row {
  labels: string;
  count: number;
  sent: number;
  seconds: number;
  /** How many took no longer than each class. */
  within: number[];
}

/**
 * Counts requests for Prometheus: how many there were, how long they took, how many bytes they brought, by method, kind and
 * status. Names of repositories are no labels: there may be any number of them.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { Metrics, observe, server } from "@gantry/oci/server";
 *
 * const metrics = new Metrics();
 * const target = memory();
 * const registry = observe(server({ repositories: () => target }), (served) => metrics.count(served));
 * await (await registry(new Request("http://localhost/v2/"))).text();
 * console.log(metrics.text().includes('gantry_http_requests_total{method="GET",route="ping",status="200"} 1'));
 * ```
 */
export class Metrics {
  readonly #rows = new Map<string, Row>();
  /** What was read again: bytes, and blobs that are wrong. */
  readonly #scrubbed = { bytes: 0, wrong: 0 };

  /** Counts a request, as `observe` tells of it. */
  count({ request: { method }, route, status, sent, milliseconds }: Served): void {
    const labels = `method="${known(method)}",route="${route?.kind ?? "none"}",status="${status}"`;
    let row = this.#rows.get(labels);
    if (!row) {
      this.#rows.set(
        labels,
        row = {
          labels,
          count: 0,
          sent: 0,
          seconds: 0,
          within: classes.map(() => 0),
        },
      );
    }
    const seconds = milliseconds / 1000;
    row.count++;
    row.sent += sent;
    row.seconds += seconds;
    for (const [i, end] of classes.entries()) if (seconds <= end) row.within[i]!++;
  }

  /** Counts a blob that was read again, to see whether it is still right. */
  scrubbed({ size, isWrong }: { size: number; isWrong: boolean }): void {
    this.#scrubbed.bytes += size;
    if (isWrong) this.#scrubbed.wrong++;
  }

  /** All of it, in the form that Prometheus reads. */
  text(): string {
    const rows = [...this.#rows.values()].sort((a, b) => a.labels < b.labels ? -1 : 1);
    const counter = (name: string, help: string, count: number) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      `${name} ${count}`,
    ];
    const lines = (name: string, type: string, help: string, of: (row: Row) => string[]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...rows.flatMap(of),
    ];
    const [requests, bytes, duration] = [
      "gantry_http_requests_total",
      "gantry_http_response_bytes_total",
      "gantry_http_request_duration_seconds",
    ];
    return [
      ...lines(requests, "counter", "Requests.", ({ labels, count }) => [`${requests}{${labels}} ${count}`]),
      ...lines(bytes, "counter", "Bytes of bodies that were sent.", ({ labels, sent }) => [
        `${bytes}{${labels}} ${sent}`,
      ]),
      ...lines(duration, "histogram", "Time from a request to the end of its response.", (row) => [
        ...row.within.map((count, i) => `${duration}_bucket{${row.labels},le="${classes[i]}"} ${count}`),
        `${duration}_bucket{${row.labels},le="+Inf"} ${row.count}`,
        `${duration}_sum{${row.labels}} ${row.seconds}`,
        `${duration}_count{${row.labels}} ${row.count}`,
      ]),
      ...counter("gantry_scrubbed_bytes_total", "Bytes of blobs that were read again.", this.#scrubbed.bytes),
      ...counter(
        "gantry_corrupt_blobs_total",
        "Blobs that were found to be wrong then.",
        this.#scrubbed.wrong,
      ),
      "",
    ].join("\n");
  }
}

/** Methods that clients make up are no labels either. */
function known(method: string): string {
  return ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"].includes(method) ? method : "other";
}
