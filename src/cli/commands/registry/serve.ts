import { type Command, InvalidArgumentError } from "commander";
import {
  accessLogLine,
  eventOf,
  type Handler,
  Metrics,
  observe,
  readOnly,
  server,
  Webhook,
} from "../../../server/mod.ts";
import { listen, type Listening } from "../../../server/node.ts";
import type { CommandContext } from "../../context.ts";
import { type BucketFlags, bucketOptions } from "../../support/bucket.ts";
import { addressOf } from "../../support/serve/address.ts";
import { adminHandler } from "../../support/serve/admin.ts";
import { readCertificate, renewCertificate } from "../../support/serve/certificate.ts";
import { behindProxies } from "../../support/serve/proxies.ts";
import { readServeConfig, type ServeConfig } from "../../support/serve/config.ts";
import { withUpstreams } from "../../support/serve/upstreams.ts";
import { guarded } from "../../support/serve/guard.ts";
import { scrubAgainAndAgain } from "../../support/serve/scrub.ts";
import { type Storage, storageOf } from "../../support/serve/storage.ts";

interface ServeFlags extends BucketFlags {
  address?: string;
  config?: string;
  disk?: string;
  redirect?: boolean;
  grace?: number;
}

/** `gantry registry serve` */
export function define(command: Command, context: CommandContext): void {
  bucketOptions(
    command,
    "where to keep images, for any number of servers: a bucket of S3, or what speaks like it",
  )
    .option(
      "--address <address>",
      "[HOST]:PORT (default: $PORT of all addresses, or without it a free port of this machine alone)",
    )
    .option("--disk <directory>", "where to keep images (default: in memory)")
    .option(
      "--redirect",
      "send clients to the bucket for blobs, with signed URLs (default: where it is Amazon's, or both are on this machine)",
    )
    .option("--no-redirect", "stream blobs, where clients do not reach the bucket")
    .option("--config <file>", "users, rules, HTTPS and more; other options go before what is in it")
    .option(
      "--grace <seconds>",
      "how long requests under way may go on when it is told to end (default: 10)",
      parseSeconds,
    )
    .action((flags: ServeFlags) => serve(flags, context));
}

async function serve({ config: path, ...flags }: ServeFlags, context: CommandContext): Promise<void> {
  const config: ServeConfig = { ...(path !== undefined && await readServeConfig(path)), ...flags };
  const { admin, disk, s3, grace = 10, scrub = 8 * 1024 * 1024, tls } = config;
  const { environment, signal } = context;
  environment.patience += grace * 1000;
  const log = (line: string) => void context.log(line);
  const metrics = new Metrics();
  const kept = await storageOf(config, environment.env, log, signal);
  const storage = config.upstreams ? withUpstreams(kept, config.upstreams, await context.registries()) : kept;
  const handler = behindProxies(
    await handlerOf(config, storage, metrics, context),
    config.trustedProxies ?? [],
  );
  const listening: Listening[] = [];
  try {
    listening.push(
      await listen(handler, {
        ...addressOf(config.address, environment.env["PORT"]),
        ...(tls && { tls: await readCertificate(tls), http2: config.http2 }),
      }),
    );
    const check = async () => void await storage.catalog?.({})[Symbol.asyncIterator]().next();
    if (admin !== undefined) listening.push(await listen(adminHandler(metrics, check), addressOf(admin)));
    if (tls) renewCertificate(tls, listening[0]!, log, signal);
    if (kept.scrub && scrub > 0) void scrubAgainAndAgain(kept.scrub, scrub, { metrics, log, signal });
    const where = s3 ?? disk;
    if (where !== undefined) await context.log(`storing images in ${where}`);
    if (admin !== undefined) await context.log(`serving metrics on port ${listening[1]!.port}`);
    await context.log(`serving on port ${listening[0]!.port}`);
    await aborted(signal);
  } finally {
    await Promise.all(listening.map((one) => one.close({ grace })));
    await kept.close?.();
  }
}

/** The registry, and around it what the configuration asks for. */
async function handlerOf(
  config: ServeConfig,
  storage: Storage,
  metrics: Metrics,
  context: CommandContext,
): Promise<Handler> {
  const registry = server({
    ...storage,
    sparse: config.sparse,
    onError: (error, { method, url }) => {
      const reason = error instanceof Error ? error.message : String(error);
      void context.log(`${method} ${new URL(url).pathname}: ${reason.replaceAll("\n", " ")}`);
    },
  });
  const webhooks = (config.webhooks ?? []).map(({ url, headers }) =>
    new Webhook({
      url,
      headers,
      onError: (error, { id }) => void context.log(`event ${id} is given up: ${error}`),
    })
  );
  const handler = await guarded(config, config.readOnly ? readOnly(registry) : registry);
  if (!config.accessLog && webhooks.length === 0 && config.admin === undefined) return handler;
  return observe(handler, (served) => {
    metrics.count(served);
    if (config.accessLog) void context.print(`${accessLogLine(served)}\n`);
    const event = webhooks.length > 0 ? eventOf(served) : undefined;
    if (event) { for (const webhook of webhooks) webhook.send(event); }
  });
}

function parseSeconds(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of seconds.");
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
