import assert from "node:assert/strict";
import { chmod, readFile, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { observe, type Served, server } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { inStore } from "../store/support.ts";
import { digestOf, pushBlob } from "./client.ts";

const content = randomBytes(1_500_000, 5);
const digest = digestOf(content);
const path = `/v2/app/blobs/${digest}`;

/** A registry over a store, with one blob in it. */
function serving(
  work: (
    told: {
      url: string;
      port: number;
      file: string;
      served: Served[];
      handler: (request: Request) => Promise<Response>;
      errors: unknown[];
    },
  ) => Promise<void>,
): Promise<void> {
  return inStore(async (there, { directory }) => {
    const served: Served[] = [];
    const errors: unknown[] = [];
    const registry = server({
      repositories: (name) => there.linked(name),
      keptVerified: true,
      onError: (error) => void errors.push(error),
    });
    await pushBlob(registry, "app", content);
    const handler = observe(registry, (one) => served.push(one));
    const { url, port, close } = await listen(handler);
    try {
      const file = join(directory, "blobs", "sha256", digest.slice(7));
      await work({ url, port, file, served, handler: registry, errors });
    } finally {
      await close();
    }
  });
}

/** Waits for something that another task does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function spoil(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[700_000]! ^= 1;
  await chmod(file, 0o644);
  await writeFile(file, bytes);
}

describe("a blob that is a file", () => {
  it("is sent whole and in part, to many at once", () =>
    serving(async ({ url, served }) => {
      const ranges = [undefined, "bytes=0-0", "bytes=300000-899999", "bytes=-5", "bytes=262144-"] as const;
      const bounds = [[0, 1_500_000], [0, 1], [300_000, 900_000], [1_499_995, 1_500_000], [
        262_144,
        1_500_000,
      ]];
      await Promise.all(ranges.flatMap((range, i) =>
        Array.from({ length: 4 }, async () => {
          const response = await fetch(`${url}${path}`, { headers: range ? { range } : {} });
          const bytes = new Uint8Array(await response.arrayBuffer());
          const [start, end] = bounds[i]!;
          assert.equal(response.status, range ? 206 : 200);
          assert.equal(response.headers.get("content-length"), String(end! - start!));
          assert.equal(digestOf(bytes), digestOf(content.subarray(start, end)));
        })
      ));
      await until(() => served.length === 20);
      assert.equal(
        served.reduce((sum, { sent }) => sum + sent, 0),
        4 * (1_500_000 + 1 + 600_000 + 5 + 1_237_856),
      );
    }));

  it("is hashed by whoever reads the response itself", () =>
    serving(async ({ handler, file }) => {
      const get = () => handler(new Request(`http://localhost${path}`));
      assert.equal(digestOf(new Uint8Array(await (await get()).arrayBuffer())), digest);
      await spoil(file);
      await assert.rejects(async () => await (await get()).arrayBuffer());
    }));

  it("is an error before the headers where the file is too short", () =>
    serving(async ({ url, file, errors }) => {
      await chmod(file, 0o644);
      await truncate(file, 1_000_000);
      const response = await fetch(`${url}${path}`);
      assert.equal(response.status, 500);
      assert.doesNotMatch(await response.text(), /sha256\//);
      assert.match(String(errors[0]), /1000000 bytes, expected 1500000/);
    }));

  it("is not read for a client that is gone", () =>
    serving(async ({ port, served }) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1499998\r\n\r\n`);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
      // All of it may have gone into the sockets' buffers by then.
      await until(() => served.length === 1);
      const [{ status, sent }] = served as [Served];
      assert.ok(status === 499 || (status === 206 && sent === 1_499_999), `${status} ${sent}`);
    }));

  it("of no bytes is sent", () =>
    serving(async ({ url, handler }) => {
      await pushBlob(handler, "app", "");
      const response = await fetch(`${url}/v2/app/blobs/${digestOf("")}`);
      assert.equal(response.headers.get("content-length"), "0");
      assert.equal(await response.text(), "");
    }));
});
