import type { Options } from "../content/contracts.ts";
import type { Image } from "../image/image.ts";
import type { ConfigFile } from "../spec/config.ts";
import type { Digest } from "../spec/digest.ts";
import { openTree } from "./open.ts";
import type { TreeFile } from "./tree.ts";

/** How to compare images. */
export interface DiffOptions extends Options {
  /**
   * Ignores what tells nothing of what the image does: times, the history, how files are spread over layers, and the order of
   * lists that have none, such as the environment. Default: false.
   */
  semantic?: boolean | undefined;
}

/** A value that is not the same in both. */
export interface ValueChange {
  /** Which one: `config.Env`. */
  name: string;
  /** What the first image has; undefined for nothing. */
  before: unknown;
  /** What the second has. */
  after: unknown;
}

/** What may be different about a file. */
export type FileAspect = "type" | "mode" | "owner" | "size" | "content" | "target" | "device" | "time";

/** A path that is not the same in both. */
export interface FileChange {
  /** Its path in the image. */
  path: string;
  /** Which of them has it. */
  kind: "added" | "removed" | "changed";
  /** What is different, where both have it. */
  aspects: FileAspect[];
  /** What the first image has. */
  before?: TreeFile | undefined;
  /** What the second has. */
  after?: TreeFile | undefined;
}

/** What is different between two images. */
export interface ImageDiff {
  /** Whether nothing is. */
  same: boolean;
  /** The fields of the config, but not its history and diffIDs; and the annotations of the manifest. */
  config: ValueChange[];
  /** The steps of the history. */
  history: ValueChange[];
  /** The digests of the layers, by their position. */
  layers: ValueChange[];
  /** The files, sorted by their paths. */
  files: FileChange[];
}

/**
 * Compares two images: their configs, histories, layers and files.
 *
 * @throws {GantryError} What `openTree` throws.
 *
 * @example
 * ```ts
 * import { emptyImage } from "@gantry/oci/image";
 * import { diffImages } from "@gantry/oci/tree";
 *
 * const { config } = await diffImages(emptyImage(), emptyImage().configure({ user: "app" }));
 * console.log(config[0]); // { name: "config.User", before: undefined, after: "app" }
 * ```
 */
export async function diffImages(
  before: Image,
  after: Image,
  options: DiffOptions = {},
): Promise<ImageDiff> {
  const { signal, semantic = false } = options;
  const [one, other] = await Promise.all([before, after].map((image) => documentsOf(image, { signal })));
  const config = [
    ...fields("", facts(one!.config, semantic), facts(other!.config, semantic)),
    ...fields("annotations.", one!.annotations, other!.annotations),
  ];
  const history = semantic ? [] : items("history", one!.config.history ?? [], other!.config.history ?? []);
  const layers = semantic ? [] : items("layers", one!.layers, other!.layers);
  const files = await sameLayers(before, after, { signal })
    ? []
    : diffFiles(await filesOf(before, { signal }), await filesOf(after, { signal }), semantic);
  const same = [config, history, layers, files].every((changes) => changes.length === 0);
  return { same, config, history, layers, files };
}

interface Documents {
  config: ConfigFile;
  annotations: Record<string, unknown>;
  layers: Digest[];
}

async function documentsOf(image: Image, options: Options): Promise<Documents> {
  const config = await image.configFile(options);
  const { annotations = {}, layers } = await image.manifest(options);
  return { config, annotations: annotations ?? {}, layers: layers.map(({ digest }) => digest) };
}

/** The fields that are compared one by one, those of the container's config too. */
function facts(file: ConfigFile, semantic: boolean): Record<string, unknown> {
  const { history: _, rootfs: __, config, ...rest } = file as ConfigFile & Record<string, unknown>;
  const all: Record<string, unknown> = { ...rest };
  for (const [key, value] of Object.entries(config ?? {})) all[`config.${key}`] = value;
  if (!semantic) return all;
  delete all["created"];
  const { ["config.Env"]: env } = all;
  if (Array.isArray(env)) all["config.Env"] = [...env].sort();
  return all;
}

function fields(
  prefix: string,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): ValueChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => !alike(before[name], after[name]))
    .map((name) => ({ name: prefix + name, before: before[name], after: after[name] }));
}

function items(name: string, before: readonly unknown[], after: readonly unknown[]): ValueChange[] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => i)
    .filter((i) => !alike(before[i], after[i]))
    .map((i) => ({ name: `${name}[${i}]`, before: before[i], after: after[i] }));
}

/** Whether two JSON values are the same, in whatever order their keys are; Docker writes null for what is not there. */
function alike(before: unknown, after: unknown): boolean {
  return JSON.stringify(before ?? null, sortedKeys) === JSON.stringify(after ?? null, sortedKeys);
}

function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

async function sameLayers(before: Image, after: Image, options: Options): Promise<boolean> {
  const [one, other] = await Promise.all(
    [before, after].map(async (image) => (await image.configFile(options)).rootfs.diff_ids),
  );
  return alike(one, other);
}

async function filesOf(image: Image, options: Options): Promise<Map<string, TreeFile>> {
  await using tree = await openTree(image, { ...options, content: false, digests: true });
  const files = new Map<string, TreeFile>();
  for (const file of tree.files()) {
    // Which name of a file is the first one is chance.
    const first = file.type === "hardlink" ? files.get(file.linkname!) : undefined;
    files.set(file.path, first ? { ...first, path: file.path } : file);
  }
  return files;
}

function diffFiles(
  before: ReadonlyMap<string, TreeFile>,
  after: ReadonlyMap<string, TreeFile>,
  semantic: boolean,
): FileChange[] {
  const changes: FileChange[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [one, other] = [before.get(path), after.get(path)];
    if (!one) changes.push({ path, kind: "added", aspects: [], after: other });
    else if (!other) changes.push({ path, kind: "removed", aspects: [], before: one });
    else {
      const aspects = aspectsOf(one, other).filter((aspect) => !semantic || aspect !== "time");
      if (aspects.length > 0) changes.push({ path, kind: "changed", aspects, before: one, after: other });
    }
  }
  return changes;
}

function aspectsOf(one: TreeFile, other: TreeFile): FileAspect[] {
  const aspects: [FileAspect, boolean][] = [
    ["type", one.type === other.type],
    ["mode", one.mode === other.mode],
    ["owner", one.uid === other.uid && one.gid === other.gid],
    ["size", one.size === other.size],
    ["content", one.digest === other.digest],
    ["target", one.linkname === other.linkname],
    ["device", one.devmajor === other.devmajor && one.devminor === other.devminor],
    ["time", one.mtime.seconds === other.mtime.seconds && one.mtime.nanoseconds === other.mtime.nanoseconds],
  ];
  return aspects.filter(([, same]) => !same).map(([aspect]) => aspect);
}
