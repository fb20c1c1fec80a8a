import { type Bytes, concat, utf8 } from "../../bytes.ts";
import { decompress } from "../../codec/decode.ts";
import { digestBytes } from "../../digest/hasher.ts";
import { verifying } from "../../digest/verify.ts";
import { GantryError } from "../../errors.ts";
import type { ConfigFile, History } from "../../spec/config.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { type Digest, hexOf } from "../../spec/digest.ts";
import type { TarItem } from "../../tar/item.ts";
import { type DockerImage, savedImage } from "./docker.ts";
import { goConfig, goJson, goTime } from "./go_json.ts";
import { bytesItem } from "./items.ts";
import type { Plan, Planned } from "./blobs.ts";
import { readSlice } from "../../content/slices.ts";
import { Temporary } from "../../disk/temporary.ts";

/** A layer as version 1 of Docker's images knew it: with an id, and what is known of it. */
interface OldLayer {
  readonly id: string;
  readonly json: Bytes;
  readonly descriptor: Descriptor;
  readonly diffID: Digest;
}

/**
 * What `docker save` wrote before Docker 25, entry for entry as go-containerregistry's `legacy/tarball` does: images by their
 * configs' digests, a directory for each layer, which is not compressed, manifest.json and `repositories`.
 */
export async function* legacyItems(
  images: readonly DockerImage[],
  plan: Plan,
  signal?: AbortSignal,
): AsyncGenerator<TarItem, void, void> {
  const saved: object[] = [];
  const repositories = new Map<string, Map<string, string>>();
  const written = new Set<string>();
  const scratch = await Temporary.create();
  try {
    for (const image of [...images].sort(byConfig)) {
      const { config } = image;
      const names = [...image.names].sort((a, b) => a.familiar < b.familiar ? -1 : 1);
      const configName = `${hexOf(config.digest)}.json`;
      yield plan.item(configName, planned(config, plan));
      const layers = await oldLayers(image);
      for (const layer of layers) {
        if (written.has(layer.id)) continue;
        written.add(layer.id);
        yield await layerItem(layer, plan, scratch, signal);
        yield bytesItem(`${layer.id}/json`, layer.json);
        yield bytesItem(`${layer.id}/VERSION`, utf8("1.0"));
      }
      let next = 0;
      const pathOf = (blob: Descriptor) => blob === config ? configName : `${layers[next++]!.id}/layer.tar`;
      saved.push(savedImage({ ...image, names }, pathOf));
      for (const { familiar } of names) {
        const colon = familiar.lastIndexOf(":");
        const repository = familiar.slice(0, colon);
        const tags = repositories.get(repository) ?? new Map<string, string>();
        repositories.set(repository, tags.set(familiar.slice(colon + 1), layers.at(-1)!.id));
      }
    }
    yield bytesItem("manifest.json", goJson(saved));
    yield bytesItem("repositories", goJson(repositories));
  } finally {
    await scratch.close();
  }
}

function byConfig(a: DockerImage, b: DockerImage): number {
  return a.config.digest < b.config.digest ? -1 : 1;
}

async function oldLayers(image: DockerImage): Promise<OldLayer[]> {
  const { layers, configFile, descriptor } = image;
  const history = (configFile.history ?? []).filter(({ empty_layer }) => !empty_layer);
  const refuse = (reason: string) =>
    new GantryError("unsupported", `write legacy archive: ${descriptor.digest} ${reason}`);
  if (layers.length === 0) throw refuse("has no layers, without which this format has no images");
  if (history.length > 0 && history.length !== layers.length) {
    throw refuse(`has ${layers.length} layers, and a history of ${history.length}`);
  }
  const raw = await image.image.rawConfigFile();
  const old: OldLayer[] = [];
  for (const [i, layer] of layers.entries()) {
    const parent = old.at(-1)?.id ?? "";
    const top = i === layers.length - 1;
    const id = await oldId(layer, parent, top ? raw : undefined);
    const json = goJson(oldJson(id, parent, history[i] ?? {}, top ? configFile : undefined));
    old.push({ id, json, descriptor: layer, diffID: configFile.rootfs.diff_ids[i]! });
  }
  return old;
}

async function oldId({ digest }: Descriptor, parent: string, config: Bytes | undefined): Promise<string> {
  const words = utf8(`${hexOf(digest)} ${parent}${config ? " " : ""}`);
  return hexOf(await digestBytes(config ? concat([words, config]) : words));
}

/** What is told of a layer: of those below how they came about, of the top one all of the image too. */
function oldJson(id: string, parent: string, history: History, top: ConfigFile | undefined): object {
  const { container, docker_version } = (top ?? {}) as Record<string, unknown>;
  return {
    architecture: top?.architecture ?? "",
    author: history.author || undefined,
    container: container || undefined,
    created: goTime(top ? top.created : history.created),
    docker_version: docker_version || undefined,
    os: top?.os ?? "",
    rootfs: { type: "", diff_ids: null },
    config: goConfig(top?.config ?? {}),
    container_config: { Cmd: [history.created_by ?? ""] },
    id,
    parent: parent || undefined,
    comment: history.comment || undefined,
  };
}

/** A layer's tar. What is compressed is unpacked into a temporary file first, as its size comes before it. */
async function layerItem(
  { id, descriptor, diffID }: OldLayer,
  plan: Plan,
  scratch: Temporary,
  signal?: AbortSignal,
): Promise<TarItem> {
  const { open } = planned(descriptor, plan);
  const what = `layer ${descriptor.digest}`;
  scratch.clear();
  const tar = (await open({ signal })).pipeThrough(verifying(descriptor, { what })).pipeThrough(
    decompress({ what }),
  );
  const range = await scratch.add(tar, signal);
  const size = range[1];
  return plan.item(`${id}/layer.tar`, {
    descriptor: { ...descriptor, digest: diffID, size },
    open: (options) => Promise.resolve(readSlice(scratch, range, what, options?.signal)),
  });
}

function planned({ digest }: Descriptor, plan: Plan): Planned {
  const found = plan.find(digest);
  if (found) return found;
  throw new GantryError(
    "unsupported",
    `write legacy archive: layer ${digest} is not to be distributed, and this format has nothing else to say of it`,
  );
}
