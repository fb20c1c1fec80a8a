import type { Bytes } from "../bytes.ts";
import { digestBytes } from "../digest/hasher.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { formatJson } from "../spec/json.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { Index } from "./index.ts";
import type { IndexBody } from "./index_body.ts";

/**
 * An OCI index that names nothing, to build on.
 *
 * @example
 * ```ts
 * import { emptyIndex } from "@gantry/oci/image";
 *
 * console.log((await emptyIndex().indexManifest()).manifests); // []
 * ```
 */
export function emptyIndex(): Index {
  return new Index(new EmptyIndex());
}

class EmptyIndex implements IndexBody {
  async descriptor(): Promise<Descriptor> {
    const bytes = await this.rawManifest();
    return { mediaType: mediaTypes.ociIndex, digest: await digestBytes(bytes), size: bytes.byteLength };
  }

  rawManifest(): Promise<Bytes> {
    return Promise.resolve(
      formatJson({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }),
    );
  }

  entries(): Promise<readonly []> {
    return Promise.resolve([]);
  }
}
