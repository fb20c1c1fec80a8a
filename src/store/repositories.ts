import { isTag } from "../spec/reference.ts";
import { isDigest } from "../spec/digest.ts";

/** The repository that an image's name is in, if it is in one: `a/b` for `a/b:v1` and `a/b@sha256:…`. */
export function repositoryOf(image: string): string | undefined {
  const at = image.indexOf("@");
  if (at > 0) return isDigest(image.slice(at + 1)) ? image.slice(0, at) : undefined;
  const colon = image.lastIndexOf(":");
  return colon > 0 && isTag(image.slice(colon + 1)) ? image.slice(0, colon) : undefined;
}
