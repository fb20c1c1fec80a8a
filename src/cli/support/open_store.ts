import { parseBucket } from "../../places/s3.ts";
import type { Store } from "../../store/types.ts";
import { s3Access } from "./s3.ts";

/** Opens a store on the disk or, where it is called `s3://BUCKET/PREFIX`, in a bucket. */
export async function openStore(
  where: string,
  env: Record<string, string | undefined>,
): Promise<Store> {
  if (!where.startsWith("s3://")) return (await import("../../store/mod.ts")).store(where);
  const { objectStore } = await import("../../object_store/mod.ts");
  const { s3 } = await import("../../objects/mod.ts");
  const { bucket, prefix } = parseBucket(where);
  return objectStore({ bucket: s3({ ...s3Access(env), bucket }), prefix });
}
