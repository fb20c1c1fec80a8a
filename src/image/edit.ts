import type { Options } from "../content/contracts.ts";
import type { ConfigFile } from "../spec/config.ts";
import type { Manifest } from "../spec/manifest.ts";
import type { Layer } from "./layer.ts";

/**
 * One change to an image. An edit says only what it changes: documents that it does not name, or leaves as they are,
 * stay byte for byte. Nothing is called before somebody asks for an answer that depends on it.
 *
 * @example
 * ```ts
 * import { type Edit, emptyImage } from "@gantry/oci/image";
 *
 * const signed: Edit = { manifest: (manifest) => void (manifest.artifactType = "application/vnd.example") };
 * console.log((await emptyImage().edit(signed).manifest()).artifactType); // application/vnd.example
 * ```
 */
export interface Edit {
  /**
   * What the media types of the manifest, its config and its layers become; what it does not know it gives back. It is
   * called before anything is written, and what it throws is thrown then.
   */
  mediaType?(mediaType: string): string;
  /**
   * The layers that the new image has. The list in its manifest follows from them; diffIDs and history are the
   * config's: an edit that changes layers changes these too.
   */
  layers?(
    layers: readonly LayerEntry[],
    options: Options,
  ): readonly LayerEntry[] | Promise<readonly LayerEntry[]>;
  /** Changes the config in place. It is called once the layers are known. */
  config?(config: ConfigFile, context: EditContext): void | Promise<void>;
  /** Changes the manifest in place. Its config and layers are those of the new image already. */
  manifest?(manifest: Manifest, context: EditContext): void | Promise<void>;
  /**
   * What happens to a config that is no image's, as artifacts have them: true leaves it byte for byte. Default: it is
   * read as an image's, which fails when it is not like one.
   */
  readonly keepsArtifactConfig?: boolean | undefined;
}

/** A layer in the list that an edit changes. */
export interface LayerEntry {
  /** The layer. */
  readonly layer: Layer;
  /** Where it is in the image below, from 0, which has its descriptor; none for a new layer. */
  readonly index?: number | undefined;
  /** Which layer of the image below a new layer takes the place of: its annotations and unknown fields stay. */
  readonly replaces?: number | undefined;
}

/** What an edit may want to know as it changes a document. */
export interface EditContext extends Options {
  /** The layers of the image below. */
  readonly before: readonly LayerEntry[];
  /** The layers of the new image. */
  readonly layers: readonly LayerEntry[];
}
