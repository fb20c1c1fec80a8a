import { type Bytes, streamOf } from "../bytes.ts";
import type { Content, Part } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { formatJson } from "../spec/json.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { defaultPlatform, type Platform } from "../spec/platform.ts";
import { Image } from "./image.ts";
import type { ImageBody } from "./image_body.ts";

/**
 * An OCI image without layers, to build on.
 *
 * @example
 * ```ts
 * import { emptyImage } from "@gantry/oci/image";
 *
 * const image = emptyImage({ os: "linux", architecture: "arm64" });
 * console.log((await image.config()).architecture); // arm64
 * ```
 */
export function emptyImage(platform: Platform = defaultPlatform): Image {
  const { architecture, os, variant } = platform;
  const config = formatJson({
    architecture,
    os,
    ...(variant && { variant }),
    config: {},
    rootfs: { type: "layers", diff_ids: [] },
  });
  return new Image(new EmptyImage(config));
}

class EmptyImage implements ImageBody {
  readonly #config: Bytes;

  constructor(config: Bytes) {
    this.#config = config;
  }

  async descriptor(): Promise<Descriptor> {
    const bytes = await this.rawManifest();
    return { mediaType: mediaTypes.ociManifest, digest: await digestBytes(bytes), size: bytes.byteLength };
  }

  async rawManifest(): Promise<Bytes> {
    return formatJson({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: await this.#configDescriptor(),
      layers: [],
    });
  }

  rawConfigFile(): Promise<Bytes> {
    return Promise.resolve(this.#config.slice());
  }

  async configPart(): Promise<Part> {
    const descriptor = await this.#configDescriptor();
    const content: Content = {
      ...descriptor,
      replayable: true,
      open: ({ start } = {}) => Promise.resolve(streamOf(this.#config.slice(start))),
    };
    return { role: "blob", children: () => Promise.resolve([]), content: () => Promise.resolve(content) };
  }

  layers(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  async #configDescriptor(): Promise<Descriptor> {
    return {
      mediaType: mediaTypes.ociConfig,
      size: this.#config.byteLength,
      digest: await digestBytes(this.#config),
    };
  }
}
