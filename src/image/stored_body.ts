import type { Bytes } from "../bytes.ts";
import type { Source } from "../content/contracts.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { isSchema1Type } from "../spec/media_type.ts";
import type { ImageBody } from "./image_body.ts";
import { StoredImage } from "./stored_image.ts";
import { StoredSchema1 } from "./stored_schema1.ts";

/** An image that is in a source already, by its kind. */
export function storedBody(source: Source, descriptor: Descriptor, document?: Bytes): ImageBody {
  const Body = isSchema1Type(descriptor.mediaType) ? StoredSchema1 : StoredImage;
  return new Body(source, descriptor, document);
}
