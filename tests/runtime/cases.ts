/** What the web tier does in any runtime. Like the tier itself, the cases import no `node:` module. */

import { type Bytes, chunksOf, readAll } from "../../src/bytes.ts";
import { codecEngines } from "../../src/codec/mod.ts";
import { digestBytes, hashEngines } from "../../src/digest/mod.ts";
import {
  chain,
  configCredentials,
  copy,
  ecr,
  emptyImage,
  type ErrorCode,
  fetchTransport,
  GantryError,
  github,
  google,
  googleKey,
  layer,
  mediaTypes,
  memory,
  openImage,
  pullSecrets,
  readVerified,
  registry,
  type Target,
  type Transport,
  walk,
} from "../../src/edge.ts";
import { server } from "../../src/server/mod.ts";

/** Where the cases run, and against what. */
export interface Setting {
  /** A registry whose repository `app` has an image `v1`: a small gzip layer, and one that is too large for one piece. */
  host: string;
  /** The image's digest. */
  digest: string;
  /** The engines that must serve here: for streams to hash, and for gzip. */
  engines: { hash: string; gunzip: string };
}

/** A case throws where something is wrong. */
export type Case = (setting: Setting) => Promise<void>;

/** The file in the first layer. */
export const greeting: { path: string; content: string } = {
  path: "etc/greeting",
  content: "good morning\n",
};

/** The size of the second one, in bytes. */
export const large: number = 6_000_000;

/** The cases by what they show. */
export const cases: Record<string, Case> = {
  "hashes and decompresses with the engines that belong here": ({ engines }) => {
    equal(hashEngines().find(({ create }) => create)?.name, engines.hash);
    equal(codecEngines().find(({ work }) => work === "gunzip")?.name, engines.gunzip);
    return Promise.resolve();
  },

  "lists and resolves tags": async ({ host, digest }) => {
    const tags: string[] = [];
    for await (const tag of app(host).names()) tags.push(tag);
    equal(tags.join(), "v1");
    const { descriptor, document } = await app(host).resolve("v1", { document: true });
    equal(descriptor.digest, digest);
    equal(await digestBytes(document!), digest);
  },

  "walks an image and verifies all of it": async ({ host }) => {
    const types: string[] = [];
    for await (const { part, content } of walk(await openImage(app(host), "v1"))) {
      types.push(content.mediaType);
      await drain(await readVerified(app(host), part.known!, { role: part.role }));
    }
    const { ociManifest, ociLayerGzip, ociLayer, ociConfig } = mediaTypes;
    equal(types.join(), [ociManifest, ociLayerGzip, ociLayer, ociConfig].join());
  },

  "finds the credentials of files, clouds and clusters": async () => {
    const asked: string[] = [];
    const transport: Transport = ({ url, headers, body }) => {
      asked.push(`${url} ${headers.get("authorization") ?? new TextDecoder().decode(body as Bytes)}`);
      const login = { authorizationData: [{ authorizationToken: btoa("AWS:secret") }] };
      return Promise.resolve(
        Response.json(url.includes("ecr") ? login : { access_token: "ya29", expires_in: 3600 }),
      );
    };
    const auth = btoa("me:secret");
    const secret = { stringData: { ".dockercfg": JSON.stringify({ "*.example.com": { auth } }) } };
    const keychain = chain(
      configCredentials(JSON.stringify({ auths: { "quay.io/acme": { auth } } })),
      pullSecrets([secret]),
      github({ token: "ghp" }),
      ecr({ accessKeyId: "AKID", secretAccessKey: "secret" }, { transport }),
      google(googleKey(await serviceAccount(), { transport })),
    );
    const userOf = async (registry: string) => {
      const found = await keychain({ registry, repository: "acme/app", actions: ["pull"] });
      return found && "username" in found ? found.username : undefined;
    };
    const users = await Promise.all(
      [
        "quay.io",
        "eu.example.com",
        "ghcr.io",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "gcr.io",
        "other.test",
      ]
        .map(userOf),
    );
    equal(JSON.stringify(users), JSON.stringify(["me", "me", "unset", "AWS", "oauth2accesstoken", null]));
    const [aws, gcp] = asked.sort();
    if (!/^https:\/\/api\.ecr\.eu-west-1\..* AWS4-HMAC-SHA256 .*Signature=[0-9a-f]{64}$/.test(aws!)) {
      throw new Error(aws);
    }
    if (!/^https:\/\/oauth2.* .*assertion=[\w-]+\.[\w-]+\.[\w-]{342}$/.test(gcp!)) throw new Error(gcp);
  },

  "refuses bytes that are not what was asked for": async ({ host }) => {
    const liar = app(host, async (request) => {
      const response = await fetchTransport()(request);
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[bytes.length - 1]! ^= 1;
      return new Response(bytes, response);
    });
    await fails(readVerified(liar, (await manifest(host)).config).then(drain), "digest-mismatch");
  },

  "reads part of a blob": async ({ host }) => {
    const { config } = await manifest(host);
    const part = await drain(await app(host).open(config, { start: 5, end: 25 }));
    const whole = await drain(await app(host).open(config));
    equal(part.join(), whole.subarray(5, 25).join());
  },

  "follows a redirect": async ({ host }) => {
    const { config } = await manifest(host);
    await drain(await readVerified(registry(`${host}/moved`), config));
  },

  "reads the entries of a gzip layer": async ({ host }) => {
    const image = await openImage(app(host), "v1");
    const [first] = await image.layers();
    const read: string[] = [];
    for await (const { path, readable } of first!.entries()) {
      read.push(path, await new Response(readable).text());
    }
    equal(read.join(), `etc/,,${greeting.path},${greeting.content}`);
    equal(await first!.diffID(), (await image.config()).rootfs.diff_ids[0]);
  },

  "copies an image from a registry into memory and on to another repository": async ({ host, digest }) => {
    const here = memory();
    await copy(await openImage(app(host), "v1"), here, { name: "v1" });
    await copy(await openImage(here, "v1"), registry(`${host}/copied`), { name: "v2" });
    await holds(registry(`${host}/copied`), "v2", digest);
  },

  "pushes a layer as it comes": async ({ host }) => {
    const once = layer(noise(large)(), { compression: "none" });
    const { descriptor } = await copy(emptyImage().append(once), registry(`${host}/made`), { name: "v1" });
    await holds(registry(`${host}/made`), "v1", descriptor.digest);
  },

  "serves a registry": async ({ host, digest }) => {
    const target = memory();
    const handler = server({ repositories: () => target });
    const transport = fetchTransport((url, init) => handler(new Request(url, init)));
    const served = registry("registry.test/app", { transport });
    await copy(await openImage(app(host), "v1"), served, { name: "v1" });
    await holds(served, "v1", digest);
  },

  "says what is not there": async ({ host }) => {
    const digest = `sha256:${"0".repeat(64)}` as const;
    await fails(app(host).resolve("v9"), "not-found");
    await fails(registry(`${host}/nobody`).resolve("v1"), "not-found");
    await fails(app(host).open({ digest, mediaType: mediaTypes.ociLayer }), "not-found");
    await fails(registry("127.0.0.1:1/app", { retry: { retries: 0 } }).resolve("v1"), "unavailable");
  },

  "stops when it is told to": async ({ host }) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const chunks = chunksOf(await app(host).open((await manifest(host)).layers[1]!, abort));
    await chunks.next();
    abort.abort(reason);
    equal(await chunks.next().catch((error) => error), reason);
  },
};

/** Runs one of them; tells what is wrong. */
export async function run(test: Case | undefined, setting: Setting): Promise<string> {
  try {
    await test!(setting);
    return "";
  } catch (error) {
    return explain(error);
  }
}

/** Fails unless they are the same. */
export function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)}, expected ${String(expected)}`);
}

/** Fails unless the work fails with this code. */
export async function fails(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await work.then(() => new Error("nothing failed"), (error) => error);
  if (!GantryError.is(error, code)) throw new Error(`expected ${code}`, { cause: error });
}

/** Opens bytes that come as they are asked for, the same each time. */
export function noise(length: number): () => ReadableStream<Bytes> {
  return () => {
    let state = 1, left = length;
    return new ReadableStream({
      pull(controller) {
        if (left === 0) return controller.close();
        const piece = new Uint8Array(Math.min(left, 50_000));
        left -= piece.length;
        controller.enqueue(piece.map(() => (state = Math.imul(state, 1664525) + 1013904223) >>> 24));
      },
    });
  };
}

function app(host: string, transport?: Transport) {
  return registry(`${host}/app`, { transport });
}

async function manifest(host: string) {
  return await (await openImage(app(host), "v1")).manifest();
}

async function holds(target: Target, name: string, digest: string): Promise<void> {
  const image = await openImage(target, name);
  equal(await image.digest(), digest);
  for (const layer of await image.layers()) await drain(await layer.compressed());
}

function drain(stream: ReadableStream<Bytes>): Promise<Bytes> {
  return readAll(stream, { limit: 2 * large, what: "a part of the image" });
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.stack ?? error.message) + (error.cause ? `\ncaused by ${explain(error.cause)}` : "");
}

/** A key of a service account of Google's. */
async function serviceAccount(): Promise<string> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const base64 = btoa(Array.from(der, (byte) => String.fromCharCode(byte)).join(""));
  const private_key = `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`;
  return JSON.stringify({ type: "service_account", client_email: "robot@acme.test", private_key });
}
