import { utf8 } from "../../src/bytes.ts";
import { type Bucket, s3 } from "../../src/objects/mod.ts";
import type { S3Server } from "../../tests/interop/s3_servers.ts";
import type { Registry } from "../server/registries.ts";
import { manifestType, sha256 } from "../server/requests.ts";
import { prefixes } from "./registries.ts";

/** Gives a manifest so many tags, as either registry keeps them: through its API that takes distribution hours. */
export async function prepareTags(
  server: S3Server,
  name: Registry["name"],
  { repository, manifest, tags }: { repository: string; manifest: Uint8Array; tags: number },
): Promise<void> {
  const bucket: Bucket = s3(server.options);
  const digest = sha256(manifest), hex = digest.slice("sha256:".length);
  const put = (key: string, text: string) => bucket.put(`${prefixes[name]}/${key}`, utf8(text));
  let next = 0;
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let i = next++; i < tags; i = next++) {
      if (name === "gantry") {
        const tag = { mediaType: manifestType, digest, size: manifest.byteLength };
        await put(`repositories/${repository}/_tags/tag-${i}`, JSON.stringify(tag));
        continue;
      }
      const folder = `docker/registry/v2/repositories/${repository}/_manifests/tags/tag-${i}`;
      await put(`${folder}/current/link`, digest);
      await put(`${folder}/index/sha256/${hex}/link`, digest);
    }
  }));
}
