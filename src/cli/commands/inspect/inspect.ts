import type { Command } from "commander";
import { type Image, Index } from "../../../image/mod.ts";
import type { ConfigFile } from "../../../spec/config.ts";
import type { Descriptor } from "../../../spec/descriptor.ts";
import { isConfigType } from "../../../spec/media_type.ts";
import { formatPlatform, type Platform } from "../../../spec/platform.ts";
import type { CommandContext } from "../../context.ts";
import { openIndex } from "../../support/open_index.ts";
import { jsonOption } from "../../support/options.ts";
import { formatBytes, table } from "../../support/table.ts";

/** What is told of a place. */
interface Report {
  name: string;
  digest: string;
  mediaType: string;
  artifactType?: string | undefined;
  annotations?: Record<string, string> | undefined;
  /** Of an index: what it names. */
  manifests?: readonly Descriptor[];
  /** Of an image. */
  image?: ImageReport;
}

interface ImageReport {
  platform: string;
  /** All bytes that a pull takes. */
  size: number;
  created?: string | undefined;
  author?: string | undefined;
  layers: { digest: string; size: number; mediaType: string; created_by?: string | undefined }[];
  config?: ConfigFile["config"];
}

/** `gantry inspect` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>", "any place; of an index with --platform its image for that")
    .addOption(jsonOption())
    .action(async (from: string, flags: { json?: boolean }) => {
      const { platform, signal } = context;
      const found = await openIndex(from, context);
      const root = platform && found instanceof Index ? await found.select(platform, { signal }) : found;
      const report = await reportOf(from, root, signal);
      if (flags.json) await context.printJson(report);
      else await context.print(page(report));
    });
}

async function reportOf(name: string, root: Image | Index, signal: AbortSignal): Promise<Report> {
  const { digest, mediaType } = await root.descriptor({ signal });
  if (root instanceof Index) {
    const { manifests, annotations, artifactType } = await root.indexManifest({ signal });
    return { name, digest, mediaType, artifactType, annotations, manifests };
  }
  const { annotations, artifactType } = await root.manifest({ signal });
  return { name, digest, mediaType, artifactType, annotations, image: await imageReport(root, signal) };
}

async function imageReport(image: Image, signal: AbortSignal): Promise<ImageReport> {
  const { config: descriptor, layers } = await image.manifest({ signal });
  const size = [descriptor, ...layers].reduce((sum, { size }) => sum + size, await image.size({ signal }));
  if (!isConfigType(descriptor.mediaType)) {
    return {
      platform: "none",
      size,
      layers: layers.map(({ digest, size, mediaType }) => ({ digest, size, mediaType })),
    };
  }
  const config = await image.config({ signal });
  const history = (config.history ?? []).filter(({ empty_layer }) => !empty_layer);
  const known = history.length === layers.length ? history : [];
  return {
    platform: formatPlatform(platformOf(config)),
    size,
    created: config.created,
    author: config.author,
    layers: layers.map(({ digest, size, mediaType }, i) => ({
      digest,
      size,
      mediaType,
      created_by: known[i]?.created_by,
    })),
    config: config.config,
  };
}

function platformOf({ os, architecture, variant }: ConfigFile): Platform {
  return { os, architecture, ...(variant && { variant }) };
}

function page({ name, digest, mediaType, artifactType, annotations, manifests, image }: Report): string {
  return [
    table([["Name", name], ["Digest", digest], ["Type", mediaType], ["Artifact type", artifactType]]),
    ...(image ? imageLines(image) : []),
    ...(manifests ? [section("Manifests", manifests.map(manifestRow))] : []),
    ...pairs("Annotations", annotations),
  ].join("");
}

function imageLines({ platform, size, created, author, layers, config }: ImageReport): string[] {
  const env = (config?.Env ?? []).map((line) => [line]);
  return [
    table([
      ["Platform", platform],
      ["Size", formatBytes(size)],
      ["Created", created],
      ["Author", author],
      ["User", config?.User],
      ["Directory", config?.WorkingDir],
      ["Entrypoint", config?.Entrypoint?.map((word) => JSON.stringify(word)).join(" ")],
      ["Command", config?.Cmd?.map((word) => JSON.stringify(word)).join(" ")],
      ["Ports", Object.keys(config?.ExposedPorts ?? {}).join(" ")],
      ["Volumes", Object.keys(config?.Volumes ?? {}).join(" ")],
      ["Stop signal", config?.StopSignal],
    ]),
    ...(env.length > 0 ? [section("Environment", env)] : []),
    ...pairs("Labels", config?.Labels ?? undefined),
    section(
      "Layers",
      layers.map(({ digest, size, created_by = "" }) => [digest, formatBytes(size), created_by]),
    ),
  ];
}

function manifestRow({ digest, size, mediaType, platform, artifactType }: Descriptor): string[] {
  return [digest, formatBytes(size), platform ? formatPlatform(platform) : artifactType ?? mediaType];
}

function pairs(title: string, values: Record<string, string> | undefined): string[] {
  const rows = Object.entries(values ?? {});
  return rows.length > 0 ? [section(title, rows)] : [];
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return `${title}:\n${table(rows, "  ")}`;
}
