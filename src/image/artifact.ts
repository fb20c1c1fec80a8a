import { type Bytes, streamOf, utf8 } from "../bytes.ts";
import type { Content, Part, Role } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Annotations, Descriptor } from "../spec/descriptor.ts";
import { formatJson } from "../spec/json.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { append } from "./edits/append.ts";
import { Image } from "./image.ts";
import type { ImageBody } from "./image_body.ts";
import { setSubject } from "./edits/set_subject.ts";
import type { Layer } from "./layer.ts";

/** What an artifact is made of. */
export interface ArtifactOptions {
  /** What it has: files of any type, made with `layer(bytes, { compression: "none", mediaType })`. */
  layers?: readonly (Layer | { layer: Layer; annotations?: Annotations | undefined })[] | undefined;
  /** Its config, and what that is. Default: the empty one. */
  config?: { mediaType: string; bytes: Bytes } | undefined;
  /** Notes on the manifest. */
  annotations?: Annotations | undefined;
  /** The manifest that it is about. */
  subject?: Descriptor | undefined;
}

/**
 * Something that is no image, kept as one: a manifest that says what it is, with OCI's empty config.
 *
 * @throws {GantryError} `invalid-document` when `artifactType` is no media type.
 *
 * @example
 * ```ts
 * import { artifact, layer } from "@gantry/oci/image";
 *
 * const text = new TextEncoder().encode("hello");
 * const note = artifact("application/vnd.example.note", {
 *   layers: [layer(text, { compression: "none", mediaType: "text/plain" })],
 * });
 * console.log((await note.manifest()).config.mediaType); // application/vnd.oci.empty.v1+json
 * ```
 */
export function artifact(artifactType: string, options: ArtifactOptions = {}): Image {
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(artifactType)) {
    throw new GantryError(
      "invalid-document",
      `make artifact: ${JSON.stringify(artifactType)} is no media type`,
    );
  }
  const config = options.config ?? { mediaType: mediaTypes.ociEmpty, bytes: utf8("{}") };
  let image = new Image(new BareArtifact(artifactType, config, options.annotations));
  for (const one of options.layers ?? []) {
    const { layer, annotations } = "layer" in one ? one : { layer: one, annotations: undefined };
    image = image.edit(append(layer, { annotations }));
  }
  return options.subject ? image.edit(setSubject(options.subject)) : image;
}

/** An artifact without layers. */
class BareArtifact implements ImageBody {
  readonly #artifactType: string;
  readonly #config: { mediaType: string; bytes: Bytes };
  readonly #annotations: Annotations | undefined;

  constructor(
    artifactType: string,
    config: { mediaType: string; bytes: Bytes },
    annotations: Annotations | undefined,
  ) {
    this.#artifactType = artifactType;
    this.#config = config;
    this.#annotations = annotations;
  }

  async descriptor(): Promise<Descriptor> {
    const bytes = await this.rawManifest();
    return { mediaType: mediaTypes.ociManifest, size: bytes.byteLength, digest: await digestBytes(bytes) };
  }

  async rawManifest(): Promise<Bytes> {
    return formatJson({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: this.#artifactType,
      config: await this.#configDescriptor(),
      layers: [],
      ...(this.#annotations && { annotations: this.#annotations }),
    });
  }

  rawConfigFile(): Promise<Bytes> {
    return Promise.resolve(this.#config.bytes.slice());
  }

  async configPart(): Promise<Part> {
    const { bytes } = this.#config;
    const content: Content = {
      ...await this.#configDescriptor(),
      replayable: true,
      open: ({ start } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
    };
    const role: Role = "blob";
    return { role, children: () => Promise.resolve([]), content: () => Promise.resolve(content) };
  }

  layers(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  async #configDescriptor(): Promise<Descriptor> {
    const { mediaType, bytes } = this.#config;
    return { mediaType, size: bytes.byteLength, digest: await digestBytes(bytes) };
  }
}
