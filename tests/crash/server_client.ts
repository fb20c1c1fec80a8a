/** A client that pushes images to a registry that is killed all the time: for server_kill.ts. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type IncomingHttpHeaders, request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { randomBytes } from "../../src/testing/content.ts";

/** Where the registry is at the moment. */
export interface Server {
  port: number;
  /** Resolves once it serves. */
  up: Promise<void>;
  /** Whether no new images are to be pushed. */
  ended: boolean;
}

/** What clients have come to. */
export interface Work {
  /** Images that were pushed whole. */
  pushed: number;
  /** Uploads that went on at an offset. */
  resumed: number;
  /** Blobs and tags whose answer was lost, and that were there. */
  finished: number;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Uint8Array;
}

/** A blob on its way. */
interface Upload {
  bytes: Uint8Array;
  digest: string;
  /** Where it goes, once that is known. */
  path: string | undefined;
  /** How many bytes the registry has answered for. */
  acknowledged: number;
  /** Whether its end has been asked for. */
  ending: boolean;
}

const pieceSize = 48 * 1024;

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The registry was killed before it answered. */
class Lost extends Error {}

/** Pushes one image after the other; each of its tags is its own. */
export class PushingClient {
  readonly #server: Server;
  readonly #n: number;
  readonly #seed: number;
  readonly #work: Work;
  readonly #repository: string;
  /** What each tag stands for; two manifests where the answer for the second is not there yet. */
  readonly #tags = new Map<string, Uint8Array[]>();

  constructor(server: Server, n: number, seed: number, work: Work) {
    this.#server = server;
    this.#n = n;
    this.#seed = seed;
    this.#work = work;
    this.#repository = n % 2 ? "shared" : `own/${n}`;
  }

  async run(): Promise<void> {
    for (let i = 0; !this.#server.ended; i++) await this.#push(i);
  }

  /** Every tag resolves, and what it leads to has the right bytes. Tells how many tags there are. */
  async check(verified: Set<string>): Promise<number> {
    const { body } = await this.#send("GET", `/v2/${this.#repository}/tags/list`);
    const listed = new Set(JSON.parse(new TextDecoder().decode(body)).tags as string[]);
    for (const [tag, [sure, open]] of this.#tags) {
      assert.ok(listed.has(tag) || sure!.byteLength === 0, `${tag} is gone`);
      if (!listed.has(tag)) continue;
      const { status, body } = await this.#send("GET", `/v2/${this.#repository}/manifests/${tag}`);
      assert.equal(status, 200, tag);
      const text = new TextDecoder().decode(body);
      assert.ok(
        [sure, open].some((one) => one && one.byteLength > 0 && digestOf(one) === digestOf(body)),
        `${tag} is another's`,
      );
      const { config, layers } = JSON.parse(text);
      for (const { digest } of [config, ...layers] as { digest: string }[]) {
        if (verified.has(`${this.#repository}@${digest}`)) continue;
        const blob = await this.#send("GET", `/v2/${this.#repository}/blobs/${digest}`);
        assert.equal(blob.status, 200, digest);
        assert.equal(digestOf(blob.body), digest);
        verified.add(`${this.#repository}@${digest}`);
      }
    }
    return this.#tags.size;
  }

  async #push(i: number): Promise<void> {
    const seed = this.#seed * 1_000_000 + this.#n * 10_000 + i;
    const sizes = [200, 20_000 + (seed * 7919) % 500_000, 100_000 + (seed * 104_729) % 1_500_000];
    const blobs = sizes.map((size, at) => randomBytes(size, seed * 3 + at));
    for (const bytes of blobs) await this.#upload(bytes);
    const [config, ...layers] = blobs.map((bytes) => ({
      mediaType: mediaTypes.octetStream,
      digest: digestOf(bytes),
      size: bytes.byteLength,
    }));
    const manifest = new TextEncoder().encode(JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config,
      layers,
    }));
    await this.#tag(`c${this.#n}-${i % 4}`, manifest);
    this.#work.pushed++;
  }

  async #tag(tag: string, manifest: Uint8Array): Promise<void> {
    const [before = new Uint8Array()] = this.#tags.get(tag) ?? [];
    this.#tags.set(tag, [before, manifest]);
    await this.#untilAnswered(async () => {
      const path = `/v2/${this.#repository}/manifests/${tag}`;
      const headers = { "content-type": mediaTypes.ociManifest };
      assert.equal((await this.#send("PUT", path, manifest, headers)).status, 201, tag);
    });
    this.#tags.set(tag, [manifest]);
  }

  async #upload(bytes: Uint8Array): Promise<void> {
    const digest = digestOf(bytes);
    const upload: Upload = { bytes, digest, path: undefined, acknowledged: 0, ending: false };
    await this.#untilAnswered(() => this.#goOn(upload));
  }

  /** Begins an upload, or goes on with it, and ends it. */
  async #goOn(upload: Upload): Promise<void> {
    const { bytes, digest } = upload;
    let at = 0;
    if (upload.path === undefined) {
      const { status, headers } = await this.#send("POST", `/v2/${this.#repository}/blobs/uploads/`);
      assert.equal(status, 202);
      upload.path = headers["location"]!;
    } else {
      const state = await this.#send("GET", upload.path);
      if (state.status === 404) {
        // The answer was lost.
        assert.ok(upload.ending, `upload ${upload.path} is gone`);
        const head = await this.#send("HEAD", `/v2/${this.#repository}/blobs/${digest}`);
        if (head.status === 200) {
          this.#work.finished++;
          return;
        }
        // Its bytes were put in their place, but it was killed before it could say that the repository has them.
        assert.equal(head.status, 404);
        upload.path = undefined;
        upload.ending = false;
        upload.acknowledged = 0;
        return await this.#goOn(upload);
      }
      assert.equal(state.status, 204);
      at = Number(/^0-(\d+)$/.exec(String(state.headers["range"]))![1]) + 1;
      if (at === 1) at = 0; // pieces are longer
      assert.ok(at >= upload.acknowledged && at <= bytes.byteLength, `${at} of ${upload.acknowledged}`);
      if (at > 0) this.#work.resumed++;
    }
    const middle = Math.floor(bytes.byteLength / 2);
    if (at < middle) {
      const range = { "content-range": `${at}-${middle - 1}` };
      const { status } = await this.#send("PATCH", upload.path, bytes.subarray(at, middle), range);
      assert.equal(status, 202);
      at = upload.acknowledged = middle;
    }
    upload.ending = true;
    const put = `${upload.path}?digest=${digest}`;
    const range: Record<string, string> = at < bytes.byteLength
      ? { "content-range": `${at}-${bytes.byteLength - 1}` }
      : {};
    const { status } = await this.#send("PUT", put, bytes.subarray(at), range);
    assert.equal(status, 201);
  }

  /** Does something again and again until the registry lives long enough to answer. */
  async #untilAnswered(work: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.#server.up;
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
      await setTimeout(5);
    }
  }

  async #send(
    method: string,
    path: string,
    body: Uint8Array = new Uint8Array(),
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const length = method === "GET" || method === "HEAD" ? {} : { "content-length": body.byteLength };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    promise.catch(() => {}); // it may be lost while the body is sent
    const lost = () => reject(new Lost(`${method} ${path}`));
    const sent = request({
      host: "127.0.0.1",
      port: this.#server.port,
      agent: false,
      method,
      path,
      headers: { ...length, ...headers },
    }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.once("error", lost);
      response.once("aborted", lost);
      response.once(
        "end",
        () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.once("error", lost);
    // Slowly, so that it is killed in the middle of it.
    for (let at = 0; at < body.byteLength && !sent.destroyed; at += pieceSize) {
      sent.write(body.subarray(at, at + pieceSize));
      await setTimeout(2);
    }
    sent.end();
    return await promise;
  }
}
